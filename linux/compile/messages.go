package compile

import (
	"encoding/binary"

	"wrun/linux/kernel"
	"wrun/linux/prog"
)

// The tags of messages that are not failure reports; package interp reads
// them, and a test holds the two together.
const (
	TagBarrier = 0x80000000
	TagChild   = 0xC0000001
	TagFSText  = 0xC0000002
)

// message is the one sendmsg(2) buffer of a program: its iovec and its
// SCM_RIGHTS control message are filled in before each use.
type message struct {
	hdr, iov, cmsg prog.Arg
	text           prog.Arg // an 8-byte message with room for the kernel's text
}

const fsTextSize = 256

func (c *compiler) prepareMessages() {
	b := c.b
	le := binary.LittleEndian
	cmsg := make([]byte, 24) // cmsghdr{len 20, SOL_SOCKET, SCM_RIGHTS} and an int
	le.PutUint64(cmsg, 20)
	le.PutUint32(cmsg[8:], kernel.SOL_SOCKET)
	le.PutUint32(cmsg[12:], kernel.SCM_RIGHTS)
	c.sent.cmsg = b.Var(cmsg)
	iov := make([]byte, 16)
	le.PutUint64(iov[8:], 8)
	c.sent.iov = b.Var(iov)
	hdr := make([]byte, 56) // msghdr: no name, one iovec, the control message
	le.PutUint64(hdr[16:], c.sent.iov.Address())
	le.PutUint64(hdr[24:], 1)
	le.PutUint64(hdr[32:], c.sent.cmsg.Address())
	le.PutUint64(hdr[40:], 24)
	c.sent.hdr = b.Var(hdr)
	text := make([]byte, 8+fsTextSize)
	le.PutUint32(text, TagFSText)
	c.sent.text = b.Var(text)
}

// barrier adds a barrier and gives its number.
func (c *compiler) barrier(x Barrier) uint32 {
	c.out.Barriers = append(c.out.Barriers, x)
	return uint32(len(c.out.Barriers) - 1)
}

// word is a constant message.
func (c *compiler) word(tag, value uint32) prog.Arg {
	return c.b.Words(uint64(tag) | uint64(value)<<32)
}

// say sends a message.
func (c *compiler) say(msg prog.Arg) {
	c.b.Do(kernel.SYS_WRITE, c.sync, msg, prog.Int(8))
}

// sendFD sends a message with a descriptor.
func (c *compiler) sendFD(msg prog.Arg, fd prog.Arg) {
	c.b.Do(prog.ST32, c.sent.cmsg.Plus(16), fd)
	c.b.Do(prog.ST64, c.sent.iov, msg)
	c.b.Do(kernel.SYS_SENDMSG, c.sync, c.sent.hdr, prog.Int(0))
}

// await reads the parent's answer of at most n bytes. A read of 0 bytes says
// that the parent died.
func (c *compiler) await(buf prog.Arg, n int) {
	c.b.Do(kernel.SYS_READ, c.sync, buf, prog.Int(n)).Into(c.tmp)
	c.b.IfEq(c.tmp.Val(), prog.Int(0), c.gone)
}

func le64(x uint64) []byte { return binary.LittleEndian.AppendUint64(nil, x) }
