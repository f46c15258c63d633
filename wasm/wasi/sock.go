package wasi

// sock is what a socket descriptor has beyond others.
type sock struct{}

// socketFunctions are preview 1's sock_* and WasmEdge's.
func (h *Host) socketFunctions() []function { return nil }
