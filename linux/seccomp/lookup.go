package seccomp

import "strings"

// Columns of table. They are listed in the order of arches.
const (
	colAMD64 = iota
	colX86
	colX32
	colARM
	colARM64
	columns
)

// none stands for a call that an architecture does not have.
const none = -1

// lookup gives a call's number in each column. It searches the text of the
// table itself: a map would be built at every start of wrun.
func lookup(name string) (nrs [columns]int32, ok bool) {
	lo, hi := 1, len(table) // both at the start of a line
	for lo < hi {
		at := lo + (hi-lo)/2
		at = strings.LastIndexByte(table[:at], '\n') + 1
		end := at + strings.IndexByte(table[at:], '\n')
		word, rest, _ := strings.Cut(table[at:end], " ")
		switch {
		case word == name:
			return parseRow(rest), true
		case word < name:
			lo = end + 1
		default:
			hi = at
		}
	}
	return nrs, false
}

func parseRow(s string) (nrs [columns]int32) {
	col := 0
	nrs[0] = none
	for i := range len(s) {
		switch c := s[i]; c {
		case ' ':
			col++
			nrs[col] = none
		case '-':
		default:
			nrs[col] = max(nrs[col], 0)*10 + int32(c-'0')
		}
	}
	return nrs
}

// armPrivate is the first of arm's private calls (__ARM_NR_BASE): they say
// nothing about how new a kernel is.
const armPrivate = 0xf0000

// multiplexed gives the older way of x86 to make a call: the number of
// socketcall(2) or ipc(2), what its first argument must be (linux/net.h,
// linux/ipc.h), and which bits of it count: ipc(2) has a version in the upper
// half.
func multiplexed(name string) (nr uint32, arg, mask uint64, ok bool) {
	const socketcall, ipc = 102, 117
	switch name {
	case "socket":
		arg = 1
	case "bind":
		arg = 2
	case "connect":
		arg = 3
	case "listen":
		arg = 4
	case "accept":
		arg = 5
	case "getsockname":
		arg = 6
	case "getpeername":
		arg = 7
	case "socketpair":
		arg = 8
	case "send":
		arg = 9
	case "recv":
		arg = 10
	case "sendto":
		arg = 11
	case "recvfrom":
		arg = 12
	case "shutdown":
		arg = 13
	case "setsockopt":
		arg = 14
	case "getsockopt":
		arg = 15
	case "sendmsg":
		arg = 16
	case "recvmsg":
		arg = 17
	case "accept4":
		arg = 18
	case "recvmmsg":
		arg = 19
	case "sendmmsg":
		arg = 20
	}
	if arg != 0 {
		return socketcall, arg, 0xffffffff, true
	}
	switch name {
	case "semop":
		arg = 1
	case "semget":
		arg = 2
	case "semctl":
		arg = 3
	case "semtimedop":
		arg = 4
	case "msgsnd":
		arg = 11
	case "msgrcv":
		arg = 12
	case "msgget":
		arg = 13
	case "msgctl":
		arg = 14
	case "shmat":
		arg = 21
	case "shmdt":
		arg = 22
	case "shmget":
		arg = 23
	case "shmctl":
		arg = 24
	}
	return ipc, arg, 0xffff, arg != 0
}
