package tests

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// maxLines keeps a file to one subject. Test files hold tables, and are let be.
const maxLines = 500

// source is a parsed Go file of this module.
type source struct {
	path string // from the repository's root
	ast  *ast.File
}

func (s source) test() bool { return strings.HasSuffix(s.path, "_test.go") }

// goFiles parses every Go file, of every build tag and architecture.
func goFiles(t *testing.T) []source {
	var all []source
	for _, path := range files(t) {
		if filepath.Ext(path) != ".go" {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join("..", path), nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, source{path, f})
	}
	return all
}

// files returns the repository's files; what is built or checked out beside
// them is left out.
func files(t *testing.T) []string {
	var all []string
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel("..", path)
		if err != nil {
			return err
		}
		switch {
		case rel == ".git" || rel == "build":
			return fs.SkipDir
		case d.Type().IsRegular():
			all = append(all, filepath.ToSlash(rel))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestLayout(t *testing.T) {
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		switch e.Name() {
		case ".ci", ".git", ".github", ".gitignore", "build", "cli", "docs", "libcontainer-lite", "linux", "spec", "state", "tests", "wasm",
			"main.go", "go.mod", "go.sum", "Makefile", "LICENSE",
			"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md":
		default:
			t.Errorf("%s is not part of the top level's fixed layout", e.Name())
		}
	}
}

func TestNames(t *testing.T) {
	for _, path := range files(t) {
		stem := strings.TrimSuffix(path, filepath.Ext(path))
		for _, part := range strings.FieldsFunc(stem, func(r rune) bool { return r == '/' || r == '_' }) {
			switch strings.TrimSuffix(part, "s") {
			case "util", "helper", "common", "manager", "misc":
				t.Errorf("%s: name the subject instead of %q", path, part)
			}
		}
	}
}

func TestLength(t *testing.T) {
	for _, path := range files(t) {
		if ext := filepath.Ext(path); ext != ".go" && ext != ".s" || strings.HasSuffix(path, "_test.go") {
			continue
		}
		text, err := os.ReadFile(filepath.Join("..", path))
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(text), "\n"); n >= maxLines {
			t.Errorf("%s: %d lines; one subject a file, under %d", path, n, maxLines)
		}
	}
}

// Unfinished work is not committed: it becomes an issue.
func TestNoMarks(t *testing.T) {
	marks := []string{"TO" + "DO", "FIX" + "ME", "not imple" + "mented", "unimple" + "mented"}
	for _, path := range files(t) {
		switch filepath.Ext(path) {
		case ".go", ".s", ".txtar":
		default:
			continue
		}
		text, err := os.ReadFile(filepath.Join("..", path))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range marks {
			if strings.Contains(string(text), m) {
				t.Errorf("%s contains %q", path, m)
			}
		}
	}
}

// Package-level variables are state that every test and every command shares.
// Allowed: error values, embedded files, interface checks, what the linker
// sets in a main package, and the named exceptions.
func TestNoState(t *testing.T) {
	for _, f := range goFiles(t) {
		for _, decl := range f.ast.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if d.Name.Name == "init" && d.Recv == nil {
					t.Errorf("%s has an init function", f.path)
				}
			case *ast.GenDecl:
				if d.Tok != token.VAR {
					continue
				}
				for _, spec := range d.Specs {
					v := spec.(*ast.ValueSpec)
					if !allowedVar(f, d, v) {
						t.Errorf("%s: var %s is package-level state", f.path, v.Names[0].Name)
					}
				}
			}
		}
	}
}

// exception is for code that runs where no stack or memory can be had.
func exception(path, name string) bool {
	switch path + " " + name {
	case "wasm/engine/lastwords.go overrideWrite", // a variable of the Go runtime's own, by linkname
		"wasm/engine/lastwords.go said",         // written while the Go runtime dies
		"wasm/engine/signals.go goFaultHandler", // read by the signal handler in assembly
		"wasm/engine/drain.go draining":         // read and written by the signal handlers in assembly
		return true
	}
	return false
}

func allowedVar(f source, d *ast.GenDecl, v *ast.ValueSpec) bool {
	switch {
	case v.Names[0].Name == "_", embedded(d.Doc), embedded(v.Doc), exception(f.path, v.Names[0].Name):
		return true
	case f.ast.Name.Name == "main" && stringVar(v):
		return slices.ContainsFunc(v.Names, func(n *ast.Ident) bool { return n.Name == "version" || n.Name == "commit" })
	case f.test() && flagVar(v):
		return true
	}
	for _, value := range v.Values {
		if !sentinel(value) {
			return false
		}
	}
	return len(v.Values) > 0
}

func embedded(doc *ast.CommentGroup) bool {
	return doc != nil && slices.ContainsFunc(doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed") })
}

func stringVar(v *ast.ValueSpec) bool {
	if id, ok := v.Type.(*ast.Ident); ok {
		return id.Name == "string"
	}
	if len(v.Values) != 1 {
		return false
	}
	lit, ok := v.Values[0].(*ast.BasicLit)
	return ok && lit.Kind == token.STRING
}

// flagVar is a test's own command-line flag: -update.
func flagVar(v *ast.ValueSpec) bool {
	return len(v.Values) == 1 && calls(v.Values[0], "flag", "Bool", "String", "Int", "Duration")
}

func sentinel(e ast.Expr) bool { return calls(e, "errors", "New") }

func calls(e ast.Expr, pkg string, names ...string) bool {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return false
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	id, ok := sel.X.(*ast.Ident)
	return ok && id.Name == pkg && slices.Contains(names, sel.Sel.Name)
}
