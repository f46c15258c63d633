(module
  (import "wasi_snapshot_preview1" "sock_frobnicate" (func $open (param i32 i32) (result i32)))
  (import "env" "frobnicate" (func $f (param i64) (result f32)))
  (import "env" "unused" (func))
  (memory (export "memory") 1)
  (func (export "_start") (drop (call $f (i64.const 1))))
  (func (export "sock") (drop (call $open (i32.const 1) (i32.const 2)))))
