package wasm

import "encoding/binary"

// What the engine says on the sync socket (SOCK_SEQPACKET), each one message
// of {u32 tag, u32 value}, little endian, and maybe a text.
const (
	// TagEngineReady: the module is loaded. The engine waits for an answer of at
	// least one byte, then for one byte of the FIFO.
	TagEngineReady = 0xE0000001
	// TagEngineFailed: the text, one line, tells why; the engine exits with
	// ExitFailure.
	TagEngineFailed = 0xE0000002
)

// MaxMessage bounds a message of the engine, in bytes.
const MaxMessage = 2048

const messageHead = 8

// Exit codes of the engine that are not the guest's own; a signal n ends it
// with 128+n.
const (
	ExitFailure = 125 // the engine itself failed
	ExitTrap    = 134 // the guest trapped: 128+SIGABRT
)

// Message builds a message; a text that is too long is cut.
func Message(tag uint32, text string) []byte {
	text = text[:min(len(text), MaxMessage-messageHead)]
	b := make([]byte, messageHead, messageHead+len(text))
	binary.LittleEndian.PutUint32(b, tag)
	return append(b, text...)
}
