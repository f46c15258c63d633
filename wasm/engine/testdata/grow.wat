;; grows its memory by nearly 2 GiB; exits with 0 if it got them, else 1
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (call $exit (i32.eq (memory.grow (i32.const 30000)) (i32.const -1)))))
