package embedded

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"
)

func TestDigest(t *testing.T) {
	if Engine() == "" {
		if Digest() != "" {
			t.Errorf("digest %q of nothing", Digest())
		}
		return
	}
	sum := sha256.Sum256([]byte(Engine()))
	if got := hex.EncodeToString(sum[:]); got != Digest() {
		t.Errorf("the engine's digest is %s, not %s", got, Digest())
	}
}
