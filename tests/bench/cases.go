package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"wrun/tests/host"
)

type bench struct {
	dir      string
	rounds   int
	subjects []subject
	hello    *subject
	only     string
}

func (b *bench) bundle(name string) string { return filepath.Join(b.dir, name) }

func (b *bench) wants(name string) bool {
	return b.only == "" || slices.Contains(strings.Split(b.only, ","), name)
}

func (b *bench) all() error {
	if b.wants("version") {
		if err := b.version(); err != nil {
			return err
		}
	}
	if b.wants("run") {
		if err := b.run(); err != nil {
			return err
		}
	}
	if b.wants("life") {
		return b.life()
	}
	return nil
}

// interleave calls do for every subject in every round; who is first changes.
func interleave(rounds int, subjects []subject, do func(subject) error) error {
	for i := range rounds {
		for j := range subjects {
			s := subjects[(i+j)%len(subjects)]
			if err := do(s); err != nil {
				return fmt.Errorf("%s: %w", s.name, err)
			}
		}
	}
	return nil
}

func (b *bench) version() error {
	subjects := b.subjects
	if b.hello != nil {
		subjects = append(slices.Clip(subjects), *b.hello)
	}
	r := newResults(subjects)
	err := interleave(b.rounds, subjects, func(s subject) error {
		c, err := command(0, s.args("--version")...)
		r.add("version", s, c)
		return err
	})
	if err == nil {
		r.print()
	}
	return err
}

func (b *bench) run() error {
	r := newResults(b.subjects)
	err := interleave(b.rounds, b.subjects, func(s subject) error {
		c, err := command(0, s.args("run", "--bundle", b.bundle("true"), "wb-run-"+s.name)...)
		r.add("run", s, c)
		return err
	})
	if err == nil {
		r.print()
	}
	return err
}

// life takes a container through its commands, each timed on its own. What the
// waiting init itself has used until then counts as create's.
func (b *bench) life() error {
	r := newResults(b.subjects)
	memory := map[string][]int{}
	err := interleave(b.rounds, b.subjects, func(s subject) error {
		kB, err := b.oneLife(r, s)
		memory[s.name] = append(memory[s.name], kB)
		return err
	})
	if err != nil {
		return err
	}
	r.print()
	printMemory(b.subjects, memory)
	return nil
}

func (b *bench) oneLife(r *results, s subject) (kB int, err error) {
	id := "wb-life-" + s.name
	pidFile := filepath.Join(b.dir, id+".pid")
	c, err := command(0, s.args("create", "--bundle", b.bundle("wait"), "--pid-file", pidFile, id)...)
	if err != nil {
		return 0, err
	}
	text, err := os.ReadFile(pidFile)
	if err != nil {
		return 0, err
	}
	pid, err := strconv.Atoi(string(text))
	if err != nil {
		return 0, err
	}
	used, err := runtimeOf(pid)
	if err != nil {
		return 0, err
	}
	if kB, err = pss(pid); err != nil {
		return 0, err
	}
	c.cpu += used
	r.add("create", s, c)
	for _, step := range [][]string{{"state", id}, {"start", id}, {"kill", id, "KILL"}} {
		c, err := command(pid, s.args(step...)...)
		if err != nil {
			return 0, err
		}
		r.add(step[0], s, c)
	}
	// It may have been reaped already, as one of kill's orphans.
	if _, err := host.Reap(pid); err != nil && !errors.Is(err, syscall.ECHILD) {
		return 0, err
	}
	c, err = command(pid, s.args("delete", id)...)
	r.add("delete", s, c)
	return kB, err
}
