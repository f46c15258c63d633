package wasi

import (
	"net/netip"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// resolverConf is what resolv.conf(5) says, with its defaults and limits.
type resolverConf struct {
	servers  []netip.Addr
	search   []string
	ndots    int
	timeout  time.Duration // for one server to answer
	attempts int           // rounds through the servers
	rotate   bool
}

// The limits of resolv.conf(5).
const (
	maxServers  = 3
	maxNdots    = 15
	maxTimeout  = 30
	maxAttempts = 5
	maxSearch   = 32
)

// parseResolvConf reads resolv.conf(5). What it does not know it skips, as every
// resolver does.
func parseResolvConf(text string) resolverConf {
	c := resolverConf{ndots: 1, timeout: 5 * time.Second, attempts: 2}
	for line := range strings.Lines(text) {
		if line[0] == '#' || line[0] == ';' {
			continue
		}
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		switch f[0] {
		case "nameserver":
			if a, err := netip.ParseAddr(f[1]); err == nil && len(c.servers) < maxServers {
				c.servers = append(c.servers, a)
			}
		case "domain":
			c.search = f[1:2]
		case "search": // the last one counts
			c.search = f[1:min(len(f), maxSearch+1)]
		case "options":
			for _, o := range f[1:] {
				c.option(o)
			}
		}
	}
	if len(c.servers) == 0 {
		c.servers = []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1})}
	}
	return c
}

func (c *resolverConf) option(o string) {
	name, value, _ := strings.Cut(o, ":")
	n, err := strconv.Atoi(value)
	switch {
	case name == "rotate":
		c.rotate = true
	case err != nil || n < 0:
	case name == "ndots":
		c.ndots = min(n, maxNdots)
	case name == "timeout":
		c.timeout = time.Duration(max(min(n, maxTimeout), 1)) * time.Second
	case name == "attempts":
		c.attempts = max(min(n, maxAttempts), 1)
	}
}

// candidates gives the full names to ask for, in order: resolv.conf(5), ndots.
// None has a trailing dot.
func (c *resolverConf) candidates(name string) []string {
	if full, ok := strings.CutSuffix(name, "."); ok {
		return []string{full}
	}
	var list []string
	for _, domain := range c.search {
		if domain = strings.Trim(domain, "."); domain != "" {
			list = append(list, name+"."+domain)
		}
	}
	if strings.Count(name, ".") >= c.ndots {
		return append([]string{name}, list...)
	}
	return append(list, name)
}

// lookupHosts gives what hosts(5) has for a name: all its addresses, and the
// official name of the first of those lines.
func lookupHosts(text, name string) (addrs []netip.Addr, canon string) {
	name = strings.TrimSuffix(name, ".")
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		a, err := netip.ParseAddr(f[0])
		if err != nil {
			continue
		}
		for _, n := range f[1:] {
			if strings.EqualFold(n, name) {
				addrs = append(addrs, a)
				if canon == "" {
					canon = f[1]
				}
				break
			}
		}
	}
	return addrs, canon
}

// lookupService gives the port that services(5) has for a name and "tcp" or
// "udp".
func lookupService(text, name, protocol string) (port uint16, ok bool) {
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		number, proto, _ := strings.Cut(f[1], "/")
		if proto != protocol {
			continue
		}
		f[1] = f[0]
		for _, n := range f[1:] {
			if n == name {
				p, err := strconv.ParseUint(number, 10, 16)
				return uint16(p), err == nil
			}
		}
	}
	return 0, false
}

// maxConf bounds a configuration file, in bytes.
const maxConf = 4 << 20

// readConf reads a small regular file of the container whole. What is missing
// or cannot be read is empty, as resolvers have it.
func readConf(path string) string {
	fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return ""
	}
	defer syscall.Close(fd)
	var st syscall.Stat_t
	if err := syscall.Fstat(fd, &st); err != nil || st.Mode&syscall.S_IFMT != syscall.S_IFREG {
		return ""
	}
	var text []byte
	for len(text) < maxConf {
		var b [4096]byte
		n, err := syscall.Read(fd, b[:])
		if err == syscall.EINTR {
			continue
		}
		if err != nil || n <= 0 {
			break
		}
		text = append(text, b[:n]...)
	}
	return string(text)
}
