package libcontainer

import (
	"errors"

	"wrun/state"
)

// State gives the state document of a container (runtime.md, "State"). It
// waits for nobody.
func (r *Runtime) State(id string) (*StateDoc, error) {
	dir, st, err := r.look(id)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	return r.document(dir, st, false)
}

func (r *Runtime) document(dir *state.Dir, st *state.Container, owner bool) (*StateDoc, error) {
	status, err := st.Status(dir)
	if err != nil {
		return nil, err
	}
	doc := &StateDoc{
		OCIVersion: st.OCIVersion, ID: st.ID, Pid: st.Pid, Status: string(status),
		Bundle: st.Bundle, Rootfs: st.Rootfs, Created: st.Created, Annotations: st.Annotations,
	}
	if status == state.StatusStopped {
		doc.Pid = 0
	}
	if owner {
		uid, err := dir.Owner()
		if err != nil {
			return nil, err
		}
		doc.Owner = state.UserName(uid)
	}
	return doc, nil
}

// List gives the state documents of all containers, sorted by id. One that is
// being made or deleted meanwhile is left out; one whose state cannot be read
// is reported and left out.
func (r *Runtime) List() ([]StateDoc, error) {
	ids, err := state.Open(r.Root).List()
	if err != nil {
		return nil, err
	}
	docs := make([]StateDoc, 0, len(ids))
	for _, id := range ids {
		dir, st, err := r.look(id)
		if errors.Is(err, state.ErrNotExist) || errors.Is(err, state.ErrNoState) {
			continue
		}
		if err != nil {
			r.Log.Warnf("container %s: %v", id, err)
			continue
		}
		doc, err := r.document(dir, st, true)
		_ = dir.Close()
		if err != nil {
			r.Log.Warnf("container %s: %v", id, err)
			continue
		}
		docs = append(docs, *doc)
	}
	return docs, nil
}
