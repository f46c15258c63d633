package main

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// results are the samples of every case and subject, cases in their order.
type results struct {
	subjects []subject
	cases    []string
	samples  map[string][]cost // by case and subject
}

func newResults(subjects []subject) *results {
	return &results{subjects: subjects, samples: map[string][]cost{}}
}

func key(name string, s subject) string { return name + " " + s.name }

func (r *results) add(name string, s subject, c cost) {
	if !slices.Contains(r.cases, name) {
		r.cases = append(r.cases, name)
	}
	r.samples[key(name, s)] = append(r.samples[key(name, s)], c)
}

// print writes one table: a row per case and measure, a column per subject,
// then how wrun, the first, compares.
func (r *results) print() {
	head, rule := "| case | measure |", "|---|---|"
	for _, s := range r.subjects {
		head, rule = head+" "+s.name+" |", rule+"--:|"
	}
	for _, s := range r.subjects[1:] {
		head, rule = head+" wrun/"+s.name+" |", rule+"--:|"
	}
	fmt.Printf("\n%s\n%s\n", head, rule)
	for _, name := range r.cases {
		r.row(name, "CPU min", cpu, slices.Min[[]time.Duration])
		r.row(name, "CPU median", cpu, median)
		r.row(name, "wall min", wall, slices.Min[[]time.Duration])
		r.row(name, "wall median", wall, median)
	}
}

func cpu(c cost) time.Duration  { return c.cpu }
func wall(c cost) time.Duration { return c.wall }

func (r *results) row(name, measure string, of func(cost) time.Duration, pick func([]time.Duration) time.Duration) {
	var picked []time.Duration
	for _, s := range r.subjects {
		var all []time.Duration
		for _, c := range r.samples[key(name, s)] {
			all = append(all, of(c))
		}
		picked = append(picked, pick(all))
	}
	line := fmt.Sprintf("| %s | %s, ms |", name, measure)
	for _, d := range picked {
		line += fmt.Sprintf(" %.2f |", float64(d)/float64(time.Millisecond))
	}
	for _, d := range picked[1:] {
		line += fmt.Sprintf(" %.2f |", float64(picked[0])/float64(d))
	}
	fmt.Println(line)
}

func median[T int | time.Duration](all []T) T {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}

func printMemory(subjects []subject, memory map[string][]int) {
	fmt.Print("\n| waiting init | PSS min, kB | PSS median, kB |\n|---|--:|--:|\n")
	for _, s := range subjects {
		fmt.Printf("| %s | %d | %d |\n", s.name, slices.Min(memory[s.name]), median(memory[s.name]))
	}
}

// header says what was timed, and where.
func (b *bench) header() {
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		release = []byte("?")
	}
	fmt.Printf("%d rounds, interleaved, on Linux %s %s with %d CPUs; CPU is user and system time of every process.\n",
		b.rounds, strings.TrimSpace(string(release)), runtime.GOARCH, runtime.NumCPU())
	for _, s := range b.subjects {
		fmt.Printf("- %s: %s\n", s.name, s.path)
	}
}
