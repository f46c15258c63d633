package wasi

// dir is what a directory descriptor has beyond others.
type dir struct{}
