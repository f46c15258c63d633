package kernel

import (
	"os"
	"runtime"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// BPFInsn is one eBPF instruction as the kernel reads it, struct bpf_insn in
// linux/bpf.h.
type BPFInsn struct {
	// Op is the operation.
	Op uint8
	// Regs holds the destination register in the low half, the source in the
	// high half (little endian machines, which amd64 and arm64 are).
	Regs uint8
	// Off is a jump's distance or a load's offset.
	Off int16
	// Imm is the constant operand.
	Imm int32
}

// loadTries bounds how often an interrupted BPF_PROG_LOAD is repeated.
const loadTries = 1000

type bpfLoadAttr struct {
	progType, insnCount   uint32
	insns, license        uint64
	logLevel, logSize     uint32
	logBuf                uint64
	kernVersion, flags    uint32
	name                  [16]byte
	ifindex, expectAttach uint32
}

// LoadDeviceFilter loads a BPF_PROG_TYPE_CGROUP_DEVICE program (Linux 4.15)
// and gives its descriptor, close-on-exec as bpf(2) makes all of its own.
//
// The verifier gives up with EAGAIN when a signal is pending, and Go's
// preemption sends SIGURG: such a load is repeated. When the program is
// refused, the error carries the verifier's last line.
func LoadDeviceFilter(name string, insns []BPFInsn) (int, error) {
	license := append([]byte("Apache-2.0"), 0)
	attr := bpfLoadAttr{
		progType:  unix.BPF_PROG_TYPE_CGROUP_DEVICE,
		insnCount: uint32(len(insns)),
	}
	copy(attr.name[:15], name)
	var pin runtime.Pinner // the kernel gets the addresses as plain numbers
	defer pin.Unpin()
	pin.Pin(&insns[0])
	pin.Pin(&license[0])
	attr.insns = uint64(uintptr(unsafe.Pointer(&insns[0])))
	attr.license = uint64(uintptr(unsafe.Pointer(&license[0])))

	fd, err := bpfLoad(&attr)
	if err != unix.EINVAL && err != unix.EACCES {
		return fd, os.NewSyscallError("bpf(BPF_PROG_LOAD)", err)
	}
	log := make([]byte, 64<<10)
	pin.Pin(&log[0])
	attr.logLevel, attr.logSize = 1, uint32(len(log))
	attr.logBuf = uint64(uintptr(unsafe.Pointer(&log[0])))
	fd, again := bpfLoad(&attr)
	if again == nil {
		return fd, nil
	}
	if line := lastLine(log); line != "" {
		return -1, os.NewSyscallError("bpf(BPF_PROG_LOAD: "+line+")", err)
	}
	return -1, os.NewSyscallError("bpf(BPF_PROG_LOAD)", err)
}

func bpfLoad(attr *bpfLoadAttr) (fd int, err error) {
	for range loadTries {
		fd, err = bpf(unix.BPF_PROG_LOAD, unsafe.Pointer(attr), unsafe.Sizeof(*attr))
		if err != unix.EAGAIN && err != unix.EINTR {
			break
		}
	}
	return fd, err
}

// lastLine gives the last line of the verifier's log before its statistics.
func lastLine(log []byte) string {
	s := unix.ByteSliceToString(log)
	last := ""
	for line := range strings.SplitSeq(s, "\n") {
		if line != "" && !strings.HasPrefix(line, "processed ") {
			last = line
		}
	}
	return last
}

type bpfAttachAttr struct {
	target, program, attachType, flags, replace uint32
}

// AttachDeviceFilter makes a device program part of what decides for a cgroup
// (BPF_PROG_ATTACH with BPF_F_ALLOW_MULTI: all programs must agree). With
// replace ≥ 0 it takes the place of that program in one step (BPF_F_REPLACE,
// Linux 5.6), else it is added.
func AttachDeviceFilter(cgroup, program, replace int) error {
	attr := bpfAttachAttr{
		target: uint32(cgroup), program: uint32(program),
		attachType: unix.BPF_CGROUP_DEVICE, flags: unix.BPF_F_ALLOW_MULTI,
	}
	call := "bpf(BPF_PROG_ATTACH)"
	if replace >= 0 {
		attr.flags |= unix.BPF_F_REPLACE
		attr.replace = uint32(replace)
		call = "bpf(BPF_PROG_ATTACH, BPF_F_REPLACE)"
	}
	_, err := bpf(unix.BPF_PROG_ATTACH, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
	return os.NewSyscallError(call, err)
}

// DetachDeviceFilter takes one program off a cgroup.
func DetachDeviceFilter(cgroup, program int) error {
	attr := bpfAttachAttr{target: uint32(cgroup), program: uint32(program), attachType: unix.BPF_CGROUP_DEVICE}
	_, err := bpf(unix.BPF_PROG_DETACH, unsafe.Pointer(&attr), unsafe.Sizeof(attr))
	return os.NewSyscallError("bpf(BPF_PROG_DETACH)", err)
}

// maxPrograms is how many programs may be attached to a cgroup for one
// purpose, BPF_CGROUP_MAX_PROGS in linux/bpf-cgroup-defs.h.
const maxPrograms = 64

// bpfQueryAttr is the BPF_PROG_QUERY part of union bpf_attr in full: kernels
// 6.17 and newer write revision whatever size they were told.
type bpfQueryAttr struct {
	target, attachType, flags, attachFlags uint32
	ids                                    uint64
	count, _                               uint32
	idFlags, linkIDs, linkFlags, revision  uint64
}

// DeviceFilters opens the device programs attached to this very cgroup, the
// ancestors' not included. Programs that may not be opened (EPERM, EACCES: a
// security module protects them) are left out; they only ever restrict. The
// caller closes the descriptors.
func DeviceFilters(cgroup int) ([]int, error) {
	ids := make([]uint32, maxPrograms)
	var pin runtime.Pinner
	defer pin.Unpin()
	pin.Pin(&ids[0])
	attr := bpfQueryAttr{
		target: uint32(cgroup), attachType: unix.BPF_CGROUP_DEVICE,
		ids: uint64(uintptr(unsafe.Pointer(&ids[0]))), count: maxPrograms,
	}
	if _, err := bpf(unix.BPF_PROG_QUERY, unsafe.Pointer(&attr), unsafe.Sizeof(attr)); err != nil {
		return nil, os.NewSyscallError("bpf(BPF_PROG_QUERY)", err)
	}
	var fds []int
	for _, id := range ids[:min(attr.count, maxPrograms)] {
		get := [3]uint32{id} // prog_id, next_id, open_flags
		fd, err := bpf(unix.BPF_PROG_GET_FD_BY_ID, unsafe.Pointer(&get), unsafe.Sizeof(get))
		switch err {
		case nil:
			fds = append(fds, fd)
		case unix.EPERM, unix.EACCES, unix.ENOENT: // protected, or gone since
		default:
			for _, fd := range fds {
				Close(fd)
			}
			return nil, os.NewSyscallError("bpf(BPF_PROG_GET_FD_BY_ID)", err)
		}
	}
	return fds, nil
}

// bpf is bpf(2); err is nil or the bare errno.
func bpf(cmd int, attr unsafe.Pointer, size uintptr) (int, error) {
	r, _, e := unix.Syscall(unix.SYS_BPF, uintptr(cmd), uintptr(attr), size)
	runtime.KeepAlive(attr)
	if e != 0 {
		return -1, syscall.Errno(e)
	}
	return int(r), nil
}
