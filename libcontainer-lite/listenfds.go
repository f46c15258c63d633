package libcontainer

import (
	"os"
	"strconv"
	"strings"
)

// takeListenFDs hands on the sockets that wrun itself was given by socket
// activation (sd_listen_fds(3)): they are the first descriptors behind stdio,
// before those of --preserve-fds, and the process is told as systemd tells.
func (c *container) takeListenFDs() {
	n, err := strconv.Atoi(os.Getenv("LISTEN_FDS"))
	if err != nil || n <= 0 || os.Getenv("LISTEN_PID") != strconv.Itoa(os.Getpid()) || c.spec.Process == nil {
		return // not for us: somebody above was activated
	}
	c.listenFDs = n
	c.o.PreserveFDs += n
	p := c.spec.Process
	env := make([]string, 0, len(p.Env)+3)
	for _, e := range p.Env {
		if !strings.HasPrefix(e, "LISTEN_FDS=") && !strings.HasPrefix(e, "LISTEN_PID=") && !strings.HasPrefix(e, "LISTEN_FDNAMES=") {
			env = append(env, e)
		}
	}
	env = append(env, "LISTEN_FDS="+strconv.Itoa(n), "LISTEN_PID=1")
	if names := os.Getenv("LISTEN_FDNAMES"); names != "" {
		env = append(env, "LISTEN_FDNAMES="+names)
	}
	p.Env = env
}
