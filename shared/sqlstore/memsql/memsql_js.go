package memsql

import (
	"errors"

	"github.com/hookweir/hookweir/shared/sqlstore"
)

// ErrHost says that the driver does not exist for js/wasm. The package stays
// loadable there so that tests which use it can be vetted.
var ErrHost = errors.New("memsql: only on the host")

// DB is never made on js/wasm.
type DB struct{}

var _ sqlstore.DB = (*DB)(nil)

// Open returns ErrHost.
func Open() (*DB, error) { return nil, ErrHost }

// Close returns ErrHost.
func (*DB) Close() error { return ErrHost }

// Exec returns ErrHost.
func (*DB) Exec(string, ...any) (sqlstore.Rows, error) { return sqlstore.Rows{}, ErrHost }

// Tx returns ErrHost.
func (*DB) Tx(func() error) error { return ErrHost }
