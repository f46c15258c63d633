;; makes the engine allocate until it must collect: each round opens "/" and
;; reads it, and memory grows; then says "on\n" and spins
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_readdir" (func $readdir (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\08\00\00\00\03\00\00\00on\n")
  (data (i32.const 32) ".")
  (func (export "_start") (local $i i32)
    (loop $l
      (drop (call $open (i32.const 3) (i32.const 0) (i32.const 32) (i32.const 1) (i32.const 2)
        (i64.const 0x4000) (i64.const 0) (i32.const 0) (i32.const 64)))
      (drop (call $readdir (i32.load (i32.const 64)) (i32.const 4096) (i32.const 32768) (i64.const 0) (i32.const 68)))
      (drop (call $close (i32.load (i32.const 64))))
      (drop (memory.grow (i32.const 1)))
      (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 500))))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))
    (loop $s (br $s))))
