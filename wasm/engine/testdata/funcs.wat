;; a reactor: _initialize sets what the others return
(module
  (global $g (mut i32) (i32.const 1))
  (func (export "_initialize") (global.set $g (i32.const 41)))
  (func (export "nothing"))
  (func (export "answer") (result i32) (i32.add (global.get $g) (i32.const 1)))
  (func (export "takes") (param i32))
  (func (export "long") (result i64) (i64.const 1)))
