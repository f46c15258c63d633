// Package image writes container images as OCI archives, without a builder:
// what clients import in tests.
package image

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// Image is one to write: the name it is imported by, the folder that is its
// only layer, and its configured command.
type Image struct {
	Name string
	Root string
	Args []string
}

// descriptor is the OCI image spec's content descriptor.
type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int               `json:"size"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// archive is an OCI image layout in a tar.
type archive struct{ *tar.Writer }

// Write writes the archive to path.
func (im Image) Write(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	a := archive{tar.NewWriter(f)}
	if err := im.write(a); err != nil {
		f.Close()
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := a.Close(); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

func (im Image) write(a archive) error {
	layer, err := layerOf(im.Root)
	if err != nil {
		return err
	}
	layerDesc, err := a.blob("application/vnd.oci.image.layer.v1.tar", layer)
	if err != nil {
		return err
	}
	config, err := a.document("application/vnd.oci.image.config.v1+json", map[string]any{
		"architecture": runtime.GOARCH,
		"os":           "linux",
		"config": map[string]any{
			"Env": []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"},
			"Cmd": im.Args,
		},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{layerDesc.Digest}},
	})
	if err != nil {
		return err
	}
	manifest, err := a.document("application/vnd.oci.image.manifest.v1+json", map[string]any{
		"schemaVersion": 2,
		"mediaType":     "application/vnd.oci.image.manifest.v1+json",
		"config":        config,
		"layers":        []descriptor{layerDesc},
	})
	if err != nil {
		return err
	}
	// containerd takes the whole name from its own annotation; others the tag.
	manifest.Annotations = map[string]string{"io.containerd.image.name": im.Name, "org.opencontainers.image.ref.name": im.Name}
	index, err := json.Marshal(map[string]any{"schemaVersion": 2, "manifests": []descriptor{manifest}})
	if err != nil {
		return err
	}
	if err := a.file("index.json", index); err != nil {
		return err
	}
	return a.file("oci-layout", []byte(`{"imageLayoutVersion":"1.0.0"}`))
}

func (a archive) document(mediaType string, doc any) (descriptor, error) {
	raw, err := json.Marshal(doc)
	if err != nil {
		return descriptor{}, err
	}
	return a.blob(mediaType, raw)
}

func (a archive) blob(mediaType string, content []byte) (descriptor, error) {
	sum := fmt.Sprintf("%x", sha256.Sum256(content))
	return descriptor{MediaType: mediaType, Digest: "sha256:" + sum, Size: len(content)}, a.file("blobs/sha256/"+sum, content)
}

func (a archive) file(name string, content []byte) error {
	if err := a.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content))}); err != nil {
		return err
	}
	_, err := a.Writer.Write(content)
	return err
}

// layerOf returns the folder root as a tar.
func layerOf(root string) ([]byte, error) {
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == root {
			return err
		}
		return addFile(w, root, path, d)
	})
	if err != nil {
		return nil, err
	}
	return buf.Bytes(), w.Close()
}

func addFile(w *tar.Writer, root, path string, d fs.DirEntry) error {
	info, err := d.Info()
	if err != nil {
		return err
	}
	link := ""
	if info.Mode()&fs.ModeSymlink != 0 {
		if link, err = os.Readlink(path); err != nil {
			return err
		}
	}
	h, err := tar.FileInfoHeader(info, link)
	if err != nil {
		return err
	}
	if h.Name, err = filepath.Rel(root, path); err != nil {
		return err
	}
	if err := w.WriteHeader(h); err != nil || !info.Mode().IsRegular() {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(w, f)
	return err
}
