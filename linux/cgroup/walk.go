package cgroup

import (
	"fmt"

	"wrun/linux/kernel"
)

// level is one directory on the way down: what it is called and which of its
// children are still to be visited.
type level struct {
	name     string
	children []string
}

// walk visits a cgroup and all below it. enter is called with each directory
// open, before its children; leave, if given, after them, with the open parent
// and the name, but not for the top. Directories that vanish meanwhile are
// passed over.
//
// It holds one descriptor and no path: a container that may write to its
// cgroups can nest them deeper than PATH_MAX and RLIMIT_NOFILE reach.
func walk(top string, enter func(dir int) error, leave func(parent int, name string) error) error {
	dir, err := kernel.CgroupOpenDirAt(kernel.AtCwd, top)
	if err != nil {
		return err
	}
	if dir, err = walkFrom(dir, top, enter, leave); err != nil {
		err = fmt.Errorf("cgroup %s: %w", top, err)
	}
	kernel.Close(dir)
	return err
}

// walkFrom walks from an open directory, and gives the one it has open at the
// end.
func walkFrom(dir int, top string, enter func(int) error, leave func(int, string) error) (int, error) {
	levels, err := pushLevel(nil, dir, top, enter)
	if err != nil {
		return dir, err
	}
	for {
		last := &levels[len(levels)-1]
		if n := len(last.children); n > 0 {
			name := last.children[n-1]
			last.children = last.children[:n-1]
			child, err := kernel.CgroupOpenDirAt(dir, name)
			if isGone(err) {
				continue
			}
			if err != nil {
				return dir, err
			}
			kernel.Close(dir)
			dir = child
			if levels, err = pushLevel(levels, dir, name, enter); err != nil {
				return dir, err
			}
			continue
		}
		if len(levels) == 1 {
			return dir, nil
		}
		parent, err := kernel.CgroupOpenDirAt(dir, "..")
		if err != nil {
			return dir, err
		}
		kernel.Close(dir)
		dir = parent
		if leave != nil {
			if err := leave(dir, last.name); err != nil {
				return dir, err
			}
		}
		levels = levels[:len(levels)-1]
	}
}

func pushLevel(levels []level, dir int, name string, enter func(int) error) ([]level, error) {
	if enter != nil {
		if err := enter(dir); err != nil && (len(levels) == 0 || !isGone(err)) {
			return levels, err
		}
	}
	children, err := kernel.CgroupChildren(dir)
	if err != nil && !isGone(err) {
		return levels, err
	}
	return append(levels, level{name, children}), nil
}
