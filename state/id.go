package state

import (
	"errors"
	"fmt"
)

// ErrInvalidID carries the phrase that callers of runc look for.
var ErrInvalidID = errors.New("invalid container ID")

const (
	maxID = 1024 // as runc
	// maxName is NAME_MAX of limits.h: an id names a folder.
	maxName = 255
)

// ValidateID tells whether id can name a container: letters, digits, '_', '+',
// '-' and '.', not beginning with '.', 1 to 1024 bytes.
func ValidateID(id string) error {
	if id == "" {
		return fmt.Errorf("%w: it is empty", ErrInvalidID)
	}
	if len(id) > maxID {
		return fmt.Errorf("%w: %d bytes, at most %d are allowed", ErrInvalidID, len(id), maxID)
	}
	for i := range len(id) {
		switch c := id[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case c == '_', c == '+', c == '-':
		case c == '.' && i > 0:
		default:
			return fmt.Errorf("%w: %q: only letters, digits and _+-. are allowed, and no . at the beginning", ErrInvalidID, id)
		}
	}
	return nil
}

// checkName refuses a valid id that no file system takes as a name.
func checkName(id string) error {
	if err := ValidateID(id); err != nil {
		return err
	}
	if len(id) > maxName {
		return fmt.Errorf("%w: %d bytes, but it names a folder, which holds at most %d", ErrInvalidID, len(id), maxName)
	}
	return nil
}
