(module
  (func $inner (param i32) unreachable)
  (func $outer (call $inner (i32.const 1)))
  (func $_start (export "_start") (call $outer)))
