package wasi

// pollFunctions are poll_oneoff and WasmEdge's epoll_oneoff.
func (h *Host) pollFunctions() []function { return nil }
