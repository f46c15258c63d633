package cgroup

import (
	"math"
	"strconv"
	"strings"
	"syscall"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"wrun/linux/kernel"
)

func (g *Group) applyCPU(c *specs.LinuxCPU) error {
	if d := g.controller("cpu"); d == nil || d.v2 {
		return g.cpuV2(d, c)
	}
	return g.cpuV1(c)
}

// idleBeforeWeight tells the order of the two: the kernel refuses a weight for
// an idle group.
func idleBeforeWeight(idle *int64) bool { return idle != nil && *idle == 0 }

// cpuV2 writes cpu.weight, cpu.idle, cpu.max.burst and cpu.max. Times are
// microseconds.
func (g *Group) cpuV2(d *dir, c *specs.LinuxCPU) error {
	if idleBeforeWeight(c.Idle) {
		if err := g.cpuIdle(c.Idle); err != nil {
			return err
		}
	}
	if w := weight(value(c.Shares)); w != 0 {
		if err := g.set("cpu", "cpu.shares", "cpu.weight", strconv.FormatUint(w, 10)); err != nil {
			return err
		}
	}
	if !idleBeforeWeight(c.Idle) {
		if err := g.cpuIdle(c.Idle); err != nil {
			return err
		}
	}
	var max, field string
	switch quota, period := value(c.Quota), value(c.Period); {
	case quota != 0 && period != 0:
		max, field = quotaV2(quota)+" "+strconv.FormatUint(period, 10), "cpu.quota"
	case quota != 0:
		max, field = quotaV2(quota), "cpu.quota" // the period stays
	case period != 0:
		max, field = d.quotaNow()+" "+strconv.FormatUint(period, 10), "cpu.period"
	}
	return g.withBurst(c.Burst, "cpu.max.burst", max != "", func() error {
		if max == "" {
			return nil
		}
		return g.set("cpu", field, "cpu.max", max)
	})
}

func quotaV2(quota int64) string {
	if quota < 0 {
		return "max"
	}
	return strconv.FormatInt(quota, 10)
}

// quotaNow is the quota in force: cpu.max takes a period only beside one.
func (d *dir) quotaNow() string {
	if d == nil || d.fresh {
		return "max"
	}
	text, err := kernel.CgroupRead(d.file("cpu.max"))
	if err != nil {
		return "max"
	}
	quota, _, _ := strings.Cut(text, " ")
	return quota
}

// cpuIdle writes cpu.idle (Linux 5.15). 0 on a kernel without it is true as it
// is.
func (g *Group) cpuIdle(idle *int64) error {
	if idle == nil {
		return nil
	}
	err := g.set("cpu", "cpu.idle", "cpu.idle", strconv.FormatInt(*idle, 10))
	if *idle == 0 && g.controller("cpu") != nil && errnoOf(err) == syscall.ENOENT {
		return nil
	}
	return err
}

// withBurst writes the burst and the quota. The kernel wants a burst no larger
// than the quota, so a refused one is tried again after the quota.
func (g *Group) withBurst(burst *uint64, file string, quotaComes bool, quota func() error) error {
	if burst == nil {
		return quota()
	}
	text := strconv.FormatUint(*burst, 10)
	err := g.set("cpu", "cpu.burst", file, text)
	switch errnoOf(err) {
	case 0:
		if err != nil {
			return err
		}
		return quota()
	case syscall.EINVAL:
		if !quotaComes {
			return err
		}
	case syscall.ENOENT:
		if *burst != 0 {
			return err
		}
		return quota() // before Linux 5.14 there is no burst
	default:
		return err
	}
	if err := quota(); err != nil {
		return err
	}
	return g.set("cpu", "cpu.burst", file, text)
}

// weight turns cpu.shares (2 to 262144, default 1024) into cpu.weight (1 to
// 10000, default 100): a quadratic curve in the logarithms through all three
// pairs, the one runc 1.3.2 and crun 1.23 introduced. 0 is not set.
func weight(shares uint64) uint64 {
	switch {
	case shares == 0:
		return 0
	case shares <= 2:
		return 1
	case shares >= 262144:
		return 10000
	}
	l := math.Log2(float64(shares))
	return uint64(math.Ceil(math.Pow(10, (l*l+125*l)/612-7.0/34)))
}

// cpuV1 writes cpu.shares, the CFS period, burst and quota, cpu.idle and the
// realtime budget. Times are microseconds.
func (g *Group) cpuV1(c *specs.LinuxCPU) error {
	if idleBeforeWeight(c.Idle) {
		if err := g.cpuIdle(c.Idle); err != nil {
			return err
		}
	}
	if err := g.sharesV1(value(c.Shares)); err != nil {
		return err
	}
	quota := func() error {
		if value(c.Quota) == 0 {
			return nil
		}
		return g.set("cpu", "cpu.quota", "cpu.cfs_quota_us", strconv.FormatInt(*c.Quota, 10))
	}
	err := g.pair("cpu.period", "cpu.cfs_period_us", value(c.Period), value(c.Quota) != 0, func() error {
		return g.withBurst(c.Burst, "cpu.cfs_burst_us", value(c.Quota) != 0, quota)
	})
	if err != nil {
		return err
	}
	if !idleBeforeWeight(c.Idle) {
		if err := g.cpuIdle(c.Idle); err != nil {
			return err
		}
	}
	runtime := value(c.RealtimeRuntime)
	return g.pair("cpu.realtimePeriod", "cpu.rt_period_us", value(c.RealtimePeriod), runtime != 0, func() error {
		if runtime == 0 {
			return nil
		}
		return g.set("cpu", "cpu.realtimeRuntime", "cpu.rt_runtime_us", strconv.FormatInt(runtime, 10))
	})
}

// pair writes a period and then what depends on it. The kernel checks each
// against the other and the parent: a period that is refused beside the old
// value is tried again after the new one.
func (g *Group) pair(field, file string, period uint64, retry bool, then func() error) error {
	if period == 0 {
		return then()
	}
	text := strconv.FormatUint(period, 10)
	first := g.set("cpu", field, file, text)
	if first != nil && (errnoOf(first) != syscall.EINVAL || !retry) {
		return first
	}
	if err := then(); err != nil {
		return err
	}
	if first != nil {
		return g.set("cpu", field, file, text)
	}
	return nil
}

// sharesV1 refuses what the kernel would silently bring into its range
// (MIN_SHARES and MAX_SHARES in kernel/sched/core.c).
func (g *Group) sharesV1(shares uint64) error {
	switch {
	case shares == 0:
		return nil
	case shares < 2:
		return fieldError("cpu.shares", "the minimum allowed cpu-shares is 2")
	case shares > 262144:
		return fieldError("cpu.shares", "the maximum allowed cpu-shares is 262144")
	}
	return g.set("cpu", "cpu.shares", "cpu.shares", strconv.FormatUint(shares, 10))
}
