;; proc_raise of the number in the first byte of the first argument, "a" is 1;
;; exits with the errno if it returns
(module
  (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_raise" (func $raise (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (drop (call $args (i32.const 0) (i32.const 256)))
    (call $exit (call $raise (i32.sub (i32.load8_u (i32.load (i32.const 4))) (i32.const 96))))))
