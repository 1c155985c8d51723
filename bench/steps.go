// Downloads archives, verifies, keeps and unpacks them, as many at a time as there are processors: the steps of
// hermit's install (cache/http.go, archive/archive.go), without manifests, environment and store.
//
//	steps DIRECTORY NAME URL SHA256 …
package main

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
)

func main() {
	var working sync.WaitGroup
	free := make(chan struct{}, runtime.NumCPU())
	for rest := os.Args[2:]; len(rest) > 0; rest = rest[3:] {
		working.Add(1)
		free <- struct{}{}
		go func(name, url, digest string) {
			defer func() { <-free; working.Done() }()
			if err := install(filepath.Join(os.Args[1], name), url, digest); err != nil {
				fmt.Fprintln(os.Stderr, name, err)
				os.Exit(1)
			}
		}(rest[0], rest[1], rest[2])
	}
	working.Wait()
}

func install(dest, url, digest string) error {
	download := dest + ".tar.gz"
	if err := fetch(download, url, digest); err != nil {
		return err
	}
	if err := unpack(download, dest+".new"); err != nil {
		return err
	}
	return os.Rename(dest+".new", dest)
}

func fetch(path, url, digest string) error {
	answer, err := http.Get(url)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	file, err := os.Create(path + ".part")
	if err != nil {
		return err
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(io.MultiWriter(file, hash), answer.Body); err != nil {
		return err
	}
	if found := hex.EncodeToString(hash.Sum(nil)); found != digest {
		return fmt.Errorf("has sha256 %s", found)
	}
	return os.Rename(path+".part", path)
}

func unpack(path, dest string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		return err
	}
	if err := os.Mkdir(dest, 0o755); err != nil {
		return err
	}
	for archive := tar.NewReader(unzipped); ; {
		member, err := archive.Next()
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		_, name, _ := strings.Cut(member.Name, "/")
		if err := write(filepath.Join(dest, name), os.FileMode(member.Mode), archive); err != nil {
			return err
		}
	}
}

func write(path string, mode os.FileMode, content io.Reader) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.Copy(file, content)
	return err
}
