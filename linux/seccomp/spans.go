package seccomp

import (
	"slices"

	"github.com/opencontainers/runtime-spec/specs-go"
)

// span is a run of system call numbers with one verdict: from from up to the
// next span.
type span struct {
	from  uint32
	ret   uint32 // when no rule applies
	rules []rule // with arguments, in order
}

type spans []span

// add begins a span, unless the last one says the same already.
func (s *spans) add(from, ret uint32, rules []rule) {
	if n := len(*s); n > 0 && len(rules) == 0 && len((*s)[n-1].rules) == 0 && (*s)[n-1].ret == ret {
		return
	}
	*s = append(*s, span{from, ret, rules})
}

// spans gives the verdict on every number of an architecture, in order.
func (p *profile) spans(s spans, a arch) spans {
	keys, rules := p.rulesOf(a)
	tail := p.def
	newest := a.base + p.newest[a.column]
	if p.fresh && p.newest[a.column] > 0 {
		tail = retErrno | enosys
	}
	next := a.base // the first number without a verdict
	gap := func(to uint32) {
		if next <= newest && next < to {
			s.add(next, p.def, nil)
			next = min(to, newest+1)
		}
		if next < to {
			s.add(next, tail, nil)
			next = to
		}
	}
	for i := 0; i < len(keys); {
		nr := uint32(keys[i] >> 32)
		ret, with := p.def, []rule(nil)
		for ; i < len(keys) && uint32(keys[i]>>32) == nr; i++ {
			switch r := rules[uint32(keys[i])]; {
			case len(r.args) > 0:
				with = append(with, r)
			case ret == p.def: // the first one without arguments beats all others
				ret = r.ret
			}
		}
		if ret != p.def {
			with = nil
		}
		gap(a.base + nr)
		s.add(next, ret, with)
		next++
	}
	// What is left, up to the highest number or, of amd64's, to x32's.
	if next <= newest {
		s.add(next, p.def, nil)
	}
	s.add(max(next, newest+1), tail, nil)
	return s
}

// rulesOf gives an architecture's rules, and, sorted, what they are for:
// number<<32 | index of the rule.
func (p *profile) rulesOf(a arch) (keys []uint64, rules []rule) {
	keys = make([]uint64, 0, len(p.calls)+32)
	rules = slices.Clone(p.rules)
	for i := range p.calls {
		c := &p.calls[i]
		if nr := c.nrs[a.column]; nr != none {
			for r := c.first; r < c.last; r++ {
				keys = append(keys, uint64(nr)<<32|uint64(r))
			}
		}
		if a.column != colX86 {
			continue
		}
		nr, arg, mask, ok := multiplexed(c.name)
		for r := c.first; ok && r < c.last; r++ {
			keys = append(keys, uint64(nr)<<32|uint64(len(rules)))
			rules = append(rules, p.rules[r].multiplexed(arg, mask))
		}
	}
	// Stable by the order of the profile: rules made here come from calls in
	// that order, and share their numbers with no others' but socketcall's and
	// ipc's own, which have no arguments to look at in the way of these.
	slices.Sort(keys)
	return keys, rules
}

// multiplexed is the rule for socketcall(2) or ipc(2): a comparison of the
// first argument gives way to what selects the call, as in libseccomp.
func (r rule) multiplexed(arg, mask uint64) rule {
	m := rule{r.ret, []cond{{0, specs.OpEqualTo, arg, mask}}}
	for _, c := range r.args {
		if c.arg != 0 {
			m.args = append(m.args, c)
		}
	}
	return m
}
