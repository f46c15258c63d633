package bundle

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Config is a config.json that tests edit as plain JSON, so that they can also
// write what no Go type holds: wrong types, unknown fields, other platforms.
type Config struct {
	path string
	doc  any
}

// Open reads the config.json at path.
func Open(path string) (*Config, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	doc, err := decode(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &Config{path, doc}, nil
}

// decode keeps numbers as written: 64-bit limits do not survive a float64.
func decode(raw []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var doc any
	if err := d.Decode(&doc); err != nil {
		return nil, err
	}
	return doc, nil
}

// Save writes the file back.
func (c *Config) Save() error {
	raw, err := json.MarshalIndent(c.doc, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(c.path, append(raw, '\n'), 0o644)
}

// Get returns the value at path, nil if there is none. Paths are as in Set.
func (c *Config) Get(path string) (any, error) {
	var got any
	_, err := walk(c.doc, strings.Split(path, "."), func(old any) any { got = old; return old })
	return got, err
}

// Set puts value at path: keys joined by dots. In a list a number is an index,
// `+` a new last element, `@NAME` the element whose destination, type or path
// is NAME. Missing objects on the way are made.
func (c *Config) Set(path string, value any) error {
	doc, err := walk(c.doc, strings.Split(path, "."), func(any) any { return value })
	if err == nil {
		c.doc = doc
	}
	return err
}

// SetJSON is Set with a value written as JSON.
func (c *Config) SetJSON(path, value string) error {
	v, err := decode([]byte(value))
	if err != nil {
		return fmt.Errorf("%s: %q: %w", path, value, err)
	}
	return c.Set(path, v)
}

// Delete takes out what is at path.
func (c *Config) Delete(path string) error {
	doc, err := walk(c.doc, strings.Split(path, "."), func(any) any { return gone{} })
	if err == nil {
		c.doc = doc
	}
	return err
}

// gone is what an edit returns to remove the value it was given.
type gone struct{}

// walk applies edit to the value at keys and returns doc with the result in it.
func walk(doc any, keys []string, edit func(any) any) (any, error) {
	if len(keys) == 0 {
		return edit(doc), nil
	}
	switch at := doc.(type) {
	case nil:
		return walk(map[string]any{}, keys, edit)
	case map[string]any:
		v, err := walk(at[keys[0]], keys[1:], edit)
		if err != nil {
			return nil, err
		}
		if _, ok := v.(gone); ok {
			delete(at, keys[0])
		} else if v != nil || len(keys) == 1 {
			at[keys[0]] = v
		}
		return at, nil
	case []any:
		return walkList(at, keys, edit)
	}
	return nil, fmt.Errorf("%q: not an object or a list but %T", keys[0], doc)
}

func walkList(list []any, keys []string, edit func(any) any) (any, error) {
	i, err := index(list, keys[0])
	if err != nil {
		return nil, err
	}
	if i == len(list) {
		list = append(list, nil)
	}
	v, err := walk(list[i], keys[1:], edit)
	if err != nil {
		return nil, err
	}
	if _, ok := v.(gone); ok {
		return append(list[:i:i], list[i+1:]...), nil
	}
	list[i] = v
	return list, nil
}

func index(list []any, key string) (int, error) {
	if key == "+" {
		return len(list), nil
	}
	if name, ok := strings.CutPrefix(key, "@"); ok {
		for i, e := range list {
			o, _ := e.(map[string]any)
			if o["destination"] == name || o["type"] == name || o["path"] == name {
				return i, nil
			}
		}
		return 0, fmt.Errorf("no element %s", name)
	}
	i, err := strconv.Atoi(key)
	if err != nil || i < 0 || i >= len(list) {
		return 0, fmt.Errorf("%q: not an index of a list of %d", key, len(list))
	}
	return i, nil
}
