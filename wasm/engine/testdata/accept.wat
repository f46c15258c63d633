;; waits for a connection of descriptor 3 and says "on"; waits for another, and
;; says "no" when there can be none; then waits for the first one's end, closes
;; it, and exits with 1
(module
  (import "wasi_snapshot_preview1" "sock_accept" (func $accept (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\20\00\00\00\03\00\00\00")
  (data (i32.const 8) "\23\00\00\00\03\00\00\00")
  (data (i32.const 16) "\40\00\00\00\01\00\00\00")
  (data (i32.const 32) "on\nno\n")
  (func (export "_start")
    (drop (call $accept (i32.const 3) (i32.const 0) (i32.const 80)))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 88)))
    (if (i32.eqz (call $accept (i32.const 3) (i32.const 0) (i32.const 84))) (then (unreachable)))
    (drop (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 88)))
    (drop (call $read (i32.load (i32.const 80)) (i32.const 16) (i32.const 1) (i32.const 88)))
    (drop (call $close (i32.load (i32.const 80))))
    (call $exit (i32.const 1))))
