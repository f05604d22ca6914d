package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"strings"
)

//go:embed templates assets
var embedded embed.FS

// asset is a file that pages load, under a name that changes with its content.
type asset struct {
	name    string
	content []byte
}

// files are the parsed templates and the assets.
type files struct {
	pages map[string]*template.Template
	style asset
}

// load parses what is embedded: each page with the frame around it and the pieces that several pages use.
func load() (*files, error) {
	f := &files{pages: map[string]*template.Template{}}
	content, err := embedded.ReadFile("assets/style.css")
	if err != nil {
		return nil, fmt.Errorf("style: %w", err)
	}
	sum := sha256.Sum256(content)
	f.style = asset{"style." + hex.EncodeToString(sum[:8]) + ".css", content}
	names, err := fs.Glob(embedded, "templates/page_*.html")
	if err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	for _, name := range names {
		t, err := template.New("").Funcs(functions()).ParseFS(embedded, "templates/frame.html", "templates/pieces.html", name)
		if err != nil {
			return nil, fmt.Errorf("template %s: %w", name, err)
		}
		f.pages[strings.TrimSuffix(strings.TrimPrefix(path.Base(name), "page_"), ".html")] = t
	}
	return f, nil
}

// Pieces of pages take two things: the frame, and what they show.
type (
	nodeInFrame struct {
		F *frame
		N *node
	}
	rowsInFrame struct {
		F    *frame
		Rows []recordRow
	}
)

func functions() template.FuncMap {
	return template.FuncMap{
		"pair": func(f *frame, n *node) nodeInFrame { return nodeInFrame{f, n} },
		"rows": func(f *frame, rows []recordRow) rowsInFrame { return rowsInFrame{f, rows} },
		"next": func(i int) int { return i + 1 },
	}
}
