(module
  (import "env" "memory" (memory 1 2))
  (import "env" "base" (global i32))
  (import "env" "table" (table 1 funcref))
  (func (export "_start")))
