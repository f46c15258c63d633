package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"syscall"

	"wrun/wasm"
)

// readJob reads the job from the descriptor whose number is env, and closes it.
// From here on failures go to the sync socket.
func readJob(env string) (*wasm.Job, error) {
	fd, err := strconv.ParseUint(env, 10, 31)
	if err != nil {
		return nil, fmt.Errorf("%s=%q is no descriptor", wasm.EnvJob, env)
	}
	b, err := io.ReadAll(io.LimitReader(fdReader(fd), wasm.MaxJob+1))
	if err != nil {
		return nil, fmt.Errorf("%s=%s: read: %w", wasm.EnvJob, env, err)
	}
	if err := syscall.Close(int(fd)); err != nil {
		return nil, fmt.Errorf("%s=%s: close: %w", wasm.EnvJob, env, err)
	}
	v, sync, err := wasm.JobHead(b)
	if err != nil {
		return nil, err
	}
	said.sync = sync
	if v != version {
		return nil, blamed{fmt.Errorf("wrun-engine is version %s, wrun is version %s: reinstall both", version, v)}
	}
	return wasm.DecodeJob(b)
}

// fdReader reads from a descriptor without Go's poller: what the engine reads
// may be a file, a pipe or a socket, and it has nothing else to do meanwhile.
type fdReader int

func (fd fdReader) Read(b []byte) (int, error) {
	for {
		n, err := syscall.Read(int(fd), b)
		switch {
		case err == syscall.EINTR:
		case err != nil:
			return 0, err
		case n == 0 && len(b) > 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}

// send sends one message on the sync socket.
func send(sock int, b []byte) error {
	for {
		_, err := syscall.Write(sock, b)
		if err != syscall.EINTR {
			return err
		}
	}
}

// awaitStart says that the module is loaded, and returns when the container is
// started: after the answer to that and a byte of the FIFO. All that was only
// needed until now is closed. The note is for wrun's log.
func awaitStart(job *wasm.Job, note string) error {
	if err := send(job.SyncFD, wasm.Message(wasm.TagEngineReady, note)); err != nil {
		return fmt.Errorf("sync: write: %w", err)
	}
	said.sync = -1 // from here on stderr is told
	var b [64]byte
	if _, err := fdReader(job.SyncFD).Read(b[:]); err == io.EOF {
		return errors.New("sync: wrun died before the container was created")
	} else if err != nil {
		return fmt.Errorf("sync: read: %w", err)
	}
	if err := syscall.Close(job.SyncFD); err != nil {
		return fmt.Errorf("sync: close: %w", err)
	}
	if _, err := fdReader(job.FIFOFD).Read(b[:1]); err != nil {
		return fmt.Errorf("exec.fifo: read: %w", err)
	}
	// With this the runtime's `start` knows that the guest runs.
	if err := syscall.Close(job.FIFOFD); err != nil {
		return fmt.Errorf("exec.fifo: close: %w", err)
	}
	return nil
}
