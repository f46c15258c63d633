package main

import (
	"io/fs"
	"path"
	"strings"

	experimental "github.com/tetratelabs/wazero/experimental/sys"
	"github.com/tetratelabs/wazero/sys"
)

// cwdFS is the file system of guests that cannot tell "/a" from "a": a name is
// looked for in the working directory, then in "/". What is in neither is made
// where the directory it would be in is found first.
type cwdFS struct {
	experimental.UnimplementedFS
	root experimental.FS // of "/"
	cwd  string          // without the leading "/"
}

// at gives the place of a name, relative to "/".
func (f *cwdFS) at(name string) string {
	here := f.cwd + "/" + name
	if name == "." {
		return f.cwd
	}
	if f.exists(here) {
		return here
	}
	if f.exists(name) {
		return name
	}
	dir := path.Dir(strings.TrimSuffix(name, "/"))
	if dir == "." || f.exists(f.cwd+"/"+dir) || !f.exists(dir) {
		return here
	}
	return name
}

// exists says no only if there is nothing; what may not be looked at exists.
func (f *cwdFS) exists(name string) bool {
	_, errno := f.root.Lstat(name)
	return errno != experimental.ENOENT && errno != experimental.ENOTDIR
}

func (f *cwdFS) OpenFile(name string, flag experimental.Oflag, perm fs.FileMode) (experimental.File, experimental.Errno) {
	return f.root.OpenFile(f.at(name), flag, perm)
}

func (f *cwdFS) Lstat(name string) (sys.Stat_t, experimental.Errno) { return f.root.Lstat(f.at(name)) }

func (f *cwdFS) Stat(name string) (sys.Stat_t, experimental.Errno) { return f.root.Stat(f.at(name)) }

func (f *cwdFS) Mkdir(name string, perm fs.FileMode) experimental.Errno {
	return f.root.Mkdir(f.at(name), perm)
}

func (f *cwdFS) Chmod(name string, perm fs.FileMode) experimental.Errno {
	return f.root.Chmod(f.at(name), perm)
}

func (f *cwdFS) Rename(from, to string) experimental.Errno {
	return f.root.Rename(f.at(from), f.at(to))
}

func (f *cwdFS) Rmdir(name string) experimental.Errno { return f.root.Rmdir(f.at(name)) }

func (f *cwdFS) Unlink(name string) experimental.Errno { return f.root.Unlink(f.at(name)) }

func (f *cwdFS) Link(old, name string) experimental.Errno {
	return f.root.Link(f.at(old), f.at(name))
}

func (f *cwdFS) Symlink(target, name string) experimental.Errno {
	return f.root.Symlink(target, f.at(name))
}

func (f *cwdFS) Readlink(name string) (string, experimental.Errno) {
	return f.root.Readlink(f.at(name))
}

func (f *cwdFS) Utimens(name string, atim, mtim int64) experimental.Errno {
	return f.root.Utimens(f.at(name), atim, mtim)
}
