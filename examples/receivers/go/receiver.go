// A reward endpoint. See ../README.md for its variables, docs/rewards.md for what it has to do.
package main

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// Standard Webhooks leaves it to the receiver; this is the value of its libraries.
	tolerance = 5 * time.Minute
	// Far more than any reward has.
	maxBody = 1_000_000
)

type event struct {
	Type string `json:"type"`
	Data reward `json:"data"`
}

type reward struct {
	Key       string `json:"key"`
	Recipient struct {
		ID *string `json:"id"`
	} `json:"recipient"`
	// An exact decimal, never a float.
	Amount *string `json:"amount"`
	Unit   *string `json:"unit"`
}

// line is what the books say of one webhook-id.
type line struct {
	ID    string `json:"id"`
	Key   string `json:"key"`
	State string `json:"state"`
}

// books are for one process; several need a database.
type books struct {
	sync.Mutex
	file    *os.File
	calls   map[string]bool
	rewards map[string]string
}

func openBooks(path string) (*books, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	b := &books{file: file, calls: map[string]bool{}, rewards: map[string]string{}}
	reader := bufio.NewReader(file)
	for {
		text, err := reader.ReadString('\n')
		if errors.Is(err, io.EOF) {
			if text != "" {
				// A process that died while it wrote left half a line, which was never answered.
				_, err = file.WriteString("\n")
				return b, err
			}
			return b, nil
		}
		if err != nil {
			return nil, err
		}
		var l line
		if json.Unmarshal([]byte(text), &l) == nil {
			b.note(l)
		}
	}
}

func (b *books) note(l line) {
	b.calls[l.ID] = true
	b.rewards[l.Key] = l.State
}

// give is your own work: credit the recipient. It is done before the books say so, and again if the process
// dies in between: what it calls takes the reward's key as its own idempotency key.
func give(reward) {}

// takeBack is your own work, likewise: take back what give gave.
func takeBack(reward) {}

// record does what an event says, once for each webhook-id; it gives the body of the answer.
func (b *books) record(id string, e event) (map[string]bool, error) {
	// Of two calls with one id, the second waits here.
	b.Lock()
	defer b.Unlock()
	if b.calls[id] {
		return map[string]bool{"granted": false}, nil
	}
	state, granted := b.rewards[e.Data.Key], e.Type == "reward.granted"
	l := line{ID: id, Key: e.Data.Key, State: state}
	switch {
	case granted && state == "":
		give(e.Data)
		l.State = "given"
	case !granted:
		if state == "given" {
			takeBack(e.Data)
		}
		l.State = "taken back"
	}
	text, err := json.Marshal(l)
	if err != nil {
		return nil, err
	}
	if _, err = b.file.Write(append(text, '\n')); err != nil {
		return nil, err
	}
	// An answer promises that a power failure takes nothing back.
	if err = b.file.Sync(); err != nil {
		return nil, err
	}
	b.note(l)
	if granted {
		// A reward that was taken back before it came stays so.
		return map[string]bool{"granted": state == ""}, nil
	}
	return map[string]bool{"reversed": state == "given"}, nil
}

// isSigned tells whether one of the signatures is by one of the keys, and its time is about now.
func isSigned(keys [][]byte, header http.Header, body []byte) bool {
	id, sent := header.Get("webhook-id"), header.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(sent, 10, 64)
	if id == "" || err != nil {
		return false
	}
	if off := time.Since(time.Unix(seconds, 0)); off > tolerance || off < -tolerance {
		return false
	}
	signed := false
	for _, key := range keys {
		mac := hmac.New(sha256.New, key)
		fmt.Fprintf(mac, "%s.%s.", id, sent)
		mac.Write(body)
		expected := mac.Sum(nil)
		for _, part := range strings.Split(header.Get("webhook-signature"), " ") {
			given, found := strings.CutPrefix(part, "v1,")
			bytes, err := base64.StdEncoding.DecodeString(given)
			// hmac.Equal takes no short cut: how long it takes must not tell how much was right.
			signed = found && err == nil && hmac.Equal(bytes, expected) || signed
		}
	}
	return signed
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("content-type", "application/json")
	w.WriteHeader(status)
	// A caller that hung up asks again.
	_ = json.NewEncoder(w).Encode(body)
}

func receiver(keys [][]byte, b *books) http.HandlerFunc {
	refuse := func(w http.ResponseWriter, status int, why string) {
		answer(w, status, map[string]string{"error": why})
	}
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			refuse(w, http.StatusMethodNotAllowed, "post_only")
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			refuse(w, http.StatusRequestEntityTooLarge, "too_large")
			return
		}
		if !isSigned(keys, r.Header, body) {
			refuse(w, http.StatusUnauthorized, "unauthorized")
			return
		}
		var e event
		err = json.Unmarshal(body, &e)
		if err != nil || e.Data.Key == "" || e.Type != "reward.granted" && e.Type != "reward.reversed" {
			refuse(w, http.StatusBadRequest, "not_a_reward")
			return
		}
		said, err := b.record(r.Header.Get("webhook-id"), e)
		if err != nil {
			// The books cannot be written: the same call comes again.
			refuse(w, http.StatusServiceUnavailable, "unavailable")
			return
		}
		answer(w, http.StatusOK, said)
	}
}

func variable(name, otherwise string) string {
	if value, set := os.LookupEnv(name); set {
		return value
	}
	return otherwise
}

func main() {
	var keys [][]byte
	for _, secret := range strings.Fields(os.Getenv("SIGNING")) {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		if err != nil || len(key) == 0 {
			log.Fatal("SIGNING has a secret that is not whsec_ and base64")
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		log.Fatal("SIGNING is missing")
	}
	b, err := openBooks(variable("STORE", "rewards.jsonl"))
	if err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+variable("PORT", "8080"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s\n", listener.Addr())
	server := http.Server{Handler: receiver(keys, b), ReadTimeout: 10 * time.Second}
	log.Fatal(server.Serve(listener))
}
