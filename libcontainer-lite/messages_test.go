package libcontainer

import (
	"testing"

	"wrun/linux/compile"
	"wrun/linux/interp"
	"wrun/wasm"
)

// Programs write tags that the compiler knows, the parent reads them with what
// the interpreter's package says: they must be the same.
func TestTags(t *testing.T) {
	for _, tag := range []struct {
		name              string
		compiler, decoder uint32
	}{
		{"barrier", compile.TagBarrier, interp.Barrier},
		{"child", compile.TagChild, interp.Child},
		{"text of a file system", compile.TagFSText, interp.FSText},
	} {
		if tag.compiler != tag.decoder {
			t.Errorf("%s: package compile has %#x, package interp %#x", tag.name, tag.compiler, tag.decoder)
		}
	}
	// The tags of one range must not reach into the next.
	if !(compile.TagBarrier < compile.TagChild && compile.TagChild < wasm.TagEngineReady && wasm.TagEngineReady < wasm.TagEngineFailed) {
		t.Error("tags overlap")
	}
}
