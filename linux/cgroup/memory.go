package cgroup

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"syscall"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"wrun/linux/kernel"
)

// memory is linux.resources.memory in plain numbers: bytes, 0 not set, -1 no
// limit. swap counts memory and swap together, as cgroup v1 does.
type memory struct{ limit, swap, reservation int64 }

func value[T int64 | uint64 | uint32 | uint16](p *T) T {
	if p == nil {
		return 0
	}
	return *p
}

func (g *Group) applyMemory(m *specs.LinuxMemory) error {
	want := memory{value(m.Limit), value(m.Swap), value(m.Reservation)}
	d := g.controller("memory")
	if d == nil || d.v2 {
		if want == (memory{}) {
			return nil
		}
		d, err := g.need("memory", want.firstField())
		if err != nil {
			return err
		}
		if m.CheckBeforeUpdate != nil && *m.CheckBeforeUpdate {
			if err := want.above(d); err != nil {
				return err
			}
		}
		return g.memoryV2(want)
	}
	if err := g.memoryV1(d, want); err != nil {
		return err
	}
	return g.memoryOnlyV1(m)
}

func (m memory) firstField() string {
	switch {
	case m.limit != 0:
		return "memory.limit"
	case m.swap != 0:
		return "memory.swap"
	}
	return "memory.reservation"
}

// memoryV2 writes memory.swap.max, memory.max and memory.low. A kernel without
// swap accounting has no memory.swap.max: no limit and no swap are then true
// without it.
func (g *Group) memoryV2(m memory) error {
	swap, err := swapV2(m.swap, m.limit)
	if err != nil {
		return wrapField("memory.swap", err)
	}
	if swap != "" {
		err := g.set("memory", "memory.swap", "memory.swap.max", swap)
		if errnoOf(err) == syscall.ENOENT && (swap == "max" || swap == "0") {
			err = nil
		}
		if err != nil {
			return err
		}
	}
	if m.limit != 0 {
		if err := g.set("memory", "memory.limit", "memory.max", maxOr(m.limit)); err != nil {
			return err
		}
	}
	if m.reservation != 0 {
		return g.set("memory", "memory.reservation", "memory.low", maxOr(m.reservation))
	}
	return nil
}

func maxOr(n int64) string {
	if n == -1 {
		return "max"
	}
	return strconv.FormatInt(n, 10)
}

// swapV2 turns v1's memory-and-swap limit into v2's of swap alone, "" for
// nothing to write. Unlimited memory without a word on swap means both.
func swapV2(swap, limit int64) (string, error) {
	switch {
	case swap == 0 && limit == -1:
		return "max", nil
	case swap == 0:
		return "", nil
	case swap == -1:
		return "max", nil
	case limit == -1:
		return strconv.FormatInt(swap, 10), nil
	case limit == 0:
		return "", errors.New("unable to set swap limit without memory limit")
	case limit < 0:
		return "", fmt.Errorf("invalid memory value: %d", limit)
	case swap < limit:
		return "", fmt.Errorf("memory+swap limit %d should be >= memory limit %d", swap, limit)
	}
	return strconv.FormatInt(swap-limit, 10), nil
}

// above refuses limits that the group's use is above already: writing them
// would have the kernel kill for it (checkBeforeUpdate).
func (m memory) above(d *dir) error {
	text, err := kernel.CgroupRead(d.file("memory.current"))
	if err != nil {
		return nil // not there yet, so nothing is used
	}
	used, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil {
		return wrapField("memory.checkBeforeUpdate", err)
	}
	if m.swap > 0 && m.swap <= used {
		return fieldError("memory.swap", fmt.Sprintf("rejecting memory+swap limit %d <= usage %d", m.swap, used))
	}
	if m.limit > 0 && m.limit <= used {
		return fieldError("memory.limit", fmt.Sprintf("rejecting memory limit %d <= usage %d", m.limit, used))
	}
	return nil
}

const (
	v1Limit = "memory.limit_in_bytes"
	v1Swap  = "memory.memsw.limit_in_bytes"
)

// memoryV1 writes the limits of memory and of memory and swap in the order that
// the kernel takes, which never lets the second be the smaller.
func (g *Group) memoryV1(d *dir, m memory) error {
	if m.limit == -1 && m.swap == 0 && !d.fresh && kernel.CgroupExists(d.file(v1Swap)) {
		m.swap = -1
	}
	swapFirst, err := d.swapFirst(m)
	if err != nil {
		return err
	}
	if swapFirst {
		if err := g.swapV1(m.swap); err != nil {
			return err
		}
	}
	if m.limit != 0 {
		if err := g.set("memory", "memory.limit", v1Limit, strconv.FormatInt(m.limit, 10)); err != nil {
			return d.explainBusy(err)
		}
	}
	if !swapFirst {
		if err := g.swapV1(m.swap); err != nil {
			return err
		}
	}
	if m.reservation != 0 {
		return g.set("memory", "memory.reservation", "memory.soft_limit_in_bytes", strconv.FormatInt(m.reservation, 10))
	}
	return nil
}

// swapFirst tells whether the limit with swap must be raised before the other.
// In a new cgroup neither limits anything, so the smaller goes first.
func (d *dir) swapFirst(m memory) (bool, error) {
	if m.limit == 0 || m.swap == 0 || d.fresh {
		return false, nil
	}
	if m.swap == -1 {
		return true, nil
	}
	text, err := kernel.CgroupRead(d.file(v1Limit))
	if err != nil {
		return false, wrapField("memory.swap", err)
	}
	now, err := strconv.ParseUint(strings.TrimSpace(text), 10, 64)
	if err != nil {
		return false, wrapField("memory.swap", err)
	}
	return now < uint64(m.swap), nil
}

func (g *Group) swapV1(swap int64) error {
	if swap == 0 {
		return nil
	}
	err := g.set("memory", "memory.swap", v1Swap, strconv.FormatInt(swap, 10))
	if swap == -1 && errnoOf(err) == syscall.ENOENT {
		return nil // no swap accounting, no limit
	}
	return err
}

// explainBusy adds the use to the kernel's refusal of a limit below it.
func (d *dir) explainBusy(err error) error {
	if errnoOf(err) != syscall.EBUSY {
		return err
	}
	used, e1 := kernel.CgroupRead(d.file("memory.usage_in_bytes"))
	peak, e2 := kernel.CgroupRead(d.file("memory.max_usage_in_bytes"))
	if e1 != nil || e2 != nil {
		return err
	}
	return fmt.Errorf("%w (current usage: %s, peak usage: %s)", err, strings.TrimSpace(used), strings.TrimSpace(peak))
}

// memoryOnlyV1 sets what v2 has no word for. Hierarchical accounting, which
// useHierarchy asks for, is the only kind since Linux 5.11.
func (g *Group) memoryOnlyV1(m *specs.LinuxMemory) error {
	if m.DisableOOMKiller != nil && *m.DisableOOMKiller {
		if err := g.set("memory", "memory.disableOOMKiller", "memory.oom_control", "1"); err != nil {
			return err
		}
	}
	if m.Swappiness == nil || int64(*m.Swappiness) == -1 {
		return nil
	}
	if *m.Swappiness > 100 {
		return fieldError("memory.swappiness", fmt.Sprintf("invalid memory swappiness value: %d (valid range is 0-100)", *m.Swappiness))
	}
	return g.set("memory", "memory.swappiness", "memory.swappiness", strconv.FormatUint(*m.Swappiness, 10))
}
