// Answers what golang.org/x/mod/sumdb says of trees, proofs, notes and a log folder.
//
// One JSON object on standard input, one on standard output; tests/interop/test_go_sumdb.py
// compares the answers with ours. Nothing of ours is imported here.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type vector struct {
	Kind  string   // "inclusion" or "consistency"
	Index int64    // of the leaf
	Old   int64    // smaller tree
	Size  int64    // larger tree
	Leaf  []byte   // leaf hash, or the older root
	Root  []byte   // root of the larger tree
	Proof [][]byte // hashes
}

type signed struct {
	Vkey string
	Note []byte
}

type input struct {
	Leaves  int64
	Vectors []vector
	Notes   []signed
	Texts   []string // to be signed here
	Folder  string   // a tiled log of ours
	Vkey    string   // its key
}

type tile struct {
	Path   string
	Digest string
}

type output struct {
	Roots       []string
	Inclusion   []string // per size: digest over all proofs
	Consistency []string
	Tiles       map[string][]tile
	Vectors     []bool // accepted
	Notes       []bool
	Signed      []signed
	Size        int64 // of the log folder
	Root        string
	Entries     string // digest over all of its leaves, each with its length
}

// tree keeps the stored hashes of a log, as tlog numbers them.
type tree struct{ hashes []tlog.Hash }

func (t *tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(t.hashes)) {
			return nil, fmt.Errorf("no hash %d", index)
		}
		found[i] = t.hashes[index]
	}
	return found, nil
}

func (t *tree) add(n int64, leaf []byte) {
	stored, err := tlog.StoredHashes(n, leaf, t)
	must(err)
	t.hashes = append(t.hashes, stored...)
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "sumdb:", err)
		os.Exit(1)
	}
}

func leafOf(n int64) []byte { return []byte(fmt.Sprintf("leaf %d\n", n)) }

func trees(in input, out *output) {
	t := &tree{}
	empty, err := tlog.TreeHash(0, t)
	must(err)
	out.Roots = append(out.Roots, hex.EncodeToString(empty[:]))
	for size := int64(1); size <= in.Leaves; size++ {
		t.add(size-1, leafOf(size-1))
		root, err := tlog.TreeHash(size, t)
		must(err)
		out.Roots = append(out.Roots, hex.EncodeToString(root[:]))
		inclusion, consistency := sha256.New(), sha256.New()
		for n := int64(0); n < size; n++ {
			proof, err := tlog.ProveRecord(size, n, t)
			must(err)
			must(tlog.CheckRecord(proof, size, root, n, tlog.RecordHash(leafOf(n))))
			for _, hash := range proof {
				inclusion.Write(hash[:])
			}
			older, err := tlog.TreeHash(n+1, t)
			must(err)
			path, err := tlog.ProveTree(size, n+1, t)
			must(err)
			must(tlog.CheckTree(path, size, root, n+1, older))
			for _, hash := range path {
				consistency.Write(hash[:])
			}
		}
		out.Inclusion = append(out.Inclusion, hex.EncodeToString(inclusion.Sum(nil)))
		out.Consistency = append(out.Consistency, hex.EncodeToString(consistency.Sum(nil)))
		if size == 1 || size == 255 || size == 256 || size == 257 || size == in.Leaves {
			out.Tiles[fmt.Sprint(size)] = tilesOf(t, size)
		}
	}
}

func tilesOf(t *tree, size int64) []tile {
	found := []tile{}
	for _, one := range tlog.NewTiles(8, 0, size) {
		data, err := tlog.ReadTileData(one, t)
		must(err)
		digest := sha256.Sum256(data)
		path := strings.Replace(one.Path(), "tile/8/", "tile/", 1)
		found = append(found, tile{Path: path, Digest: hex.EncodeToString(digest[:])})
	}
	return found
}

func hashOf(data []byte) (tlog.Hash, bool) {
	var hash tlog.Hash
	copy(hash[:], data)
	return hash, len(data) == len(hash)
}

func accepts(v vector) (good bool) {
	defer func() { // tlog panics where a size is impossible: that is a refusal, too
		if recover() != nil {
			good = false
		}
	}()
	leaf, leafGood := hashOf(v.Leaf)
	root, rootGood := hashOf(v.Root)
	if !leafGood || !rootGood {
		return false
	}
	proof := make([]tlog.Hash, len(v.Proof))
	for i, data := range v.Proof {
		if proof[i], good = hashOf(data); !good {
			return false
		}
	}
	if v.Kind == "inclusion" {
		return tlog.CheckRecord(proof, v.Size, root, v.Index, leaf) == nil
	}
	return tlog.CheckTree(proof, v.Size, root, v.Old, leaf) == nil
}

func opens(one signed) bool {
	verifier, err := note.NewVerifier(one.Vkey)
	if err != nil {
		return false
	}
	_, err = note.Open(one.Note, note.VerifierList(verifier))
	return err == nil
}

func sign(texts []string, out *output) {
	for n, text := range texts {
		seed := sha256.Sum256([]byte(fmt.Sprint("seed ", n)))
		skey, vkey, err := note.GenerateKey(bytes.NewReader(seed[:]), fmt.Sprintf("go.example/%d", n))
		must(err)
		signer, err := note.NewSigner(skey)
		must(err)
		made, err := note.Sign(&note.Note{Text: text}, signer)
		must(err)
		out.Signed = append(out.Signed, signed{Vkey: vkey, Note: made})
	}
}

// readLog opens the checkpoint of a tiled log, recomputes its root from the entries and
// compares each hash tile of that size.
func readLog(in input, out *output) {
	data, err := os.ReadFile(filepath.Join(in.Folder, "checkpoint"))
	must(err)
	verifier, err := note.NewVerifier(in.Vkey)
	must(err)
	opened, err := note.Open(data, note.VerifierList(verifier))
	must(err)
	lines := strings.Split(opened.Text, "\n")
	// The same three lines as a go.sum database, under another first line.
	stated, err := tlog.ParseTree([]byte("go.sum database tree\n" + strings.Join(lines[1:], "\n")))
	must(err)
	t, leaves := &tree{}, sha256.New()
	for n := int64(0); n < stated.N; {
		width := stated.N - n
		if width > 256 {
			width = 256
		}
		bundle := readBundle(in.Folder, n/256, width)
		leaves.Write(bundle)
		for len(bundle) > 0 {
			length := int(binary.BigEndian.Uint16(bundle))
			t.add(n, bundle[2:2+length])
			bundle = bundle[2+length:]
			n++
		}
	}
	root, err := tlog.TreeHash(stated.N, t)
	must(err)
	if root != stated.Hash {
		must(fmt.Errorf("the entries do not give the signed root"))
	}
	for _, one := range tlog.NewTiles(8, 0, stated.N) {
		want, err := tlog.ReadTileData(one, t)
		must(err)
		path := strings.Replace(one.Path(), "tile/8/", "tile/", 1)
		found, err := os.ReadFile(filepath.Join(in.Folder, path))
		if err == nil && !bytes.Equal(found, want) {
			must(fmt.Errorf("%s differs", path))
		}
		if err != nil && one.W == 256 {
			must(err)
		}
	}
	out.Size, out.Root = stated.N, base64.StdEncoding.EncodeToString(root[:])
	out.Entries = hex.EncodeToString(leaves.Sum(nil))
}

func readBundle(folder string, n, width int64) []byte {
	path := strings.Replace(tlog.Tile{H: 8, L: -1, N: n, W: int(width)}.Path(), "tile/8/data/", "tile/entries/", 1)
	data, err := os.ReadFile(filepath.Join(folder, path))
	must(err)
	return data
}

func main() {
	var in input
	must(json.NewDecoder(os.Stdin).Decode(&in))
	out := output{Tiles: map[string][]tile{}, Vectors: []bool{}, Notes: []bool{}}
	trees(in, &out)
	for _, one := range in.Vectors {
		out.Vectors = append(out.Vectors, accepts(one))
	}
	for _, one := range in.Notes {
		out.Notes = append(out.Notes, opens(one))
	}
	sign(in.Texts, &out)
	readLog(in, &out)
	must(json.NewEncoder(os.Stdout).Encode(out))
}
