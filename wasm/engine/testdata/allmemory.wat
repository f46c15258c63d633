;; writes from the very end of a memory of 4 GiB, and exits with the errno
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 65536)
  (data (i32.const 0) "\fd\ff\ff\ff\03\00\00\00")
  (data (i32.const 0xfffffffd) "on\n")
  (func (export "_start")
    (call $exit (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 0xffffffec)))))
