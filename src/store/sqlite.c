/* SPDX-License-Identifier: ISC */
/*
 * The store over SQLite: one file beside its write-ahead log, synchronous = FULL, so that a commit is on the disk when it
 * returns.  Statements are prepared once; rows are read by small functions that know their columns' order.
 */
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

#define BUSY_MS 5000
#define WHY_MAX 256

static const char schema[] =
	"CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
	"INSERT INTO meta VALUES ('schema', 1), ('generation', 1);"
	"CREATE TABLE machines (id BLOB PRIMARY KEY, label TEXT NOT NULL, record BLOB NOT NULL) WITHOUT ROWID;"
	"CREATE INDEX machines_label ON machines (label);"
	"CREATE TABLE candidates (id BLOB PRIMARY KEY, record BLOB NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE shares (machine BLOB NOT NULL, id BLOB NOT NULL, wrapped BLOB NOT NULL, PRIMARY KEY (machine, id)) WITHOUT ROWID;"
	"CREATE TABLE verdicts (machine BLOB NOT NULL, evidence BLOB NOT NULL, decision INTEGER NOT NULL, record INTEGER NOT NULL,"
	" claims BLOB NOT NULL, made INTEGER NOT NULL, PRIMARY KEY (machine, evidence));"
	"CREATE INDEX verdicts_made ON verdicts (made);"
	"CREATE TABLE tokens (id BLOB PRIMARY KEY, wrapped BLOB NOT NULL, label TEXT NOT NULL, policy TEXT NOT NULL, machine BLOB,"
	" made INTEGER NOT NULL, expires INTEGER NOT NULL, uses INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE eks (machine BLOB PRIMARY KEY, label TEXT NOT NULL, policy TEXT NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE sessions (id BLOB PRIMARY KEY, made INTEGER NOT NULL, state BLOB NOT NULL) WITHOUT ROWID;"
	"CREATE INDEX sessions_made ON sessions (made);"
	"CREATE TABLE reference_values (list TEXT NOT NULL, value BLOB NOT NULL, note TEXT NOT NULL, added INTEGER NOT NULL,"
	" PRIMARY KEY (list, value)) WITHOUT ROWID;"
	"CREATE TABLE policies (name TEXT PRIMARY KEY, text BLOB NOT NULL, changed INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE holds (id BLOB PRIMARY KEY, machine BLOB NOT NULL, state INTEGER NOT NULL, made INTEGER NOT NULL,"
	" decided INTEGER NOT NULL, reset INTEGER NOT NULL, restart INTEGER NOT NULL, record INTEGER NOT NULL);"
	"CREATE INDEX holds_machine ON holds (machine);"
	"CREATE TABLE audit (number INTEGER PRIMARY KEY, time INTEGER NOT NULL, record BLOB NOT NULL, hash BLOB NOT NULL);"
	"CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;"
	"CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;"
	"CREATE TABLE blobs (digest BLOB PRIMARY KEY, data BLOB NOT NULL);"
	"CREATE TABLE cases (record INTEGER PRIMARY KEY, machine BLOB NOT NULL, approved INTEGER NOT NULL, evidence BLOB NOT NULL,"
	" machine_record BLOB NOT NULL, policy TEXT NOT NULL, text BLOB NOT NULL, refs BLOB NOT NULL, now INTEGER NOT NULL);"
	"CREATE INDEX cases_machine ON cases (machine, approved, record);"
	"CREATE INDEX cases_text ON cases (text);"
	"CREATE INDEX cases_refs ON cases (refs);";

/* X(name, sql): every statement there is. */
#define STATEMENTS(X)                                                                                                  \
	X(BEGIN, "BEGIN IMMEDIATE")                                                                                    \
	X(COMMIT, "COMMIT")                                                                                            \
	X(ROLLBACK, "ROLLBACK")                                                                                        \
	X(MACHINE_GET, "SELECT record FROM machines WHERE id = ?1")                                                    \
	X(MACHINE_PUT, "INSERT OR REPLACE INTO machines VALUES (?1, ?2, ?3)")                                          \
	X(MACHINE_FIND, "SELECT record FROM machines WHERE label = ?1 OR (length(?2) >= 4 AND substr(id, 1, length(?2)) = ?2)") \
	X(MACHINE_DELETE, "DELETE FROM machines WHERE id = ?1")                                                        \
	X(MACHINE_EACH, "SELECT record FROM machines ORDER BY label, id")                                              \
	X(CANDIDATE_PUT, "INSERT OR REPLACE INTO candidates VALUES (?1, ?2)")                                          \
	X(CANDIDATE_GET, "SELECT record FROM candidates WHERE id = ?1")                                                \
	X(CANDIDATE_DELETE, "DELETE FROM candidates WHERE id = ?1")                                                    \
	X(CANDIDATE_EACH, "SELECT record FROM candidates ORDER BY id")                                                 \
	X(SHARE_PUT, "INSERT INTO shares VALUES (?1, ?2, ?3)")                                                         \
	X(SHARE_GET, "SELECT wrapped FROM shares WHERE machine = ?1 AND id = ?2")                                      \
	X(SHARE_DELETE, "DELETE FROM shares WHERE machine = ?1 AND id = ?2")                                           \
	X(SHARE_EACH, "SELECT id, wrapped FROM shares WHERE machine = ?1 ORDER BY id")                                 \
	X(SHARE_COUNT, "SELECT count(*) FROM shares WHERE machine = ?1")                                               \
	X(SHARES_DELETE, "DELETE FROM shares WHERE machine = ?1")                                                      \
	X(VERDICT_PUT, "INSERT INTO verdicts VALUES (?1, ?2, ?3, ?4, ?5, ?6)")                                         \
	X(VERDICT_PRUNE, "DELETE FROM verdicts WHERE made < ?1")                                                       \
	X(VERDICT_DENY, "UPDATE verdicts SET decision = ?3, record = ?4, claims = ?5, made = ?6 WHERE machine = ?1 AND evidence = ?2 AND decision = 2") \
	X(VERDICT_COUNT, "SELECT count(*) FROM verdicts WHERE machine = ?1 AND made > ?2")                             \
	X(VERDICT_GET, "SELECT decision, record, claims FROM verdicts WHERE machine = ?1 AND evidence = ?2")           \
	X(VERDICTS_DELETE, "DELETE FROM verdicts WHERE machine = ?1")                                                  \
	X(TOKEN_PUT, "INSERT INTO tokens VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")                                     \
	X(TOKEN_GET, "SELECT id, wrapped, label, policy, machine, made, expires, uses FROM tokens WHERE id = ?1")      \
	X(TOKEN_USE, "UPDATE tokens SET uses = uses - 1 WHERE id = ?1 AND uses > 0 AND expires > ?2")                  \
	X(TOKEN_DELETE, "DELETE FROM tokens WHERE id = ?1")                                                            \
	X(TOKEN_EACH, "SELECT id, wrapped, label, policy, machine, made, expires, uses FROM tokens ORDER BY made")     \
	X(EK_PUT, "INSERT OR REPLACE INTO eks VALUES (?1, ?2, ?3)")                                                    \
	X(EK_GET, "SELECT machine, label, policy FROM eks WHERE machine = ?1")                                         \
	X(EK_DELETE, "DELETE FROM eks WHERE machine = ?1")                                                             \
	X(EK_EACH, "SELECT machine, label, policy FROM eks ORDER BY label, machine")                                   \
	X(SESSION_PRUNE, "DELETE FROM sessions WHERE made < ?1 OR id IN (SELECT id FROM sessions ORDER BY made DESC LIMIT -1 OFFSET ?2)") \
	X(SESSION_PUT, "INSERT INTO sessions VALUES (?1, ?2, ?3)")                                                     \
	X(SESSION_GET, "SELECT state FROM sessions WHERE id = ?1 AND made >= ?2")                                      \
	X(SESSION_DELETE, "DELETE FROM sessions WHERE id = ?1")                                                        \
	X(REFERENCE_PUT, "INSERT INTO reference_values VALUES (?1, ?2, ?3, ?4)")                                       \
	X(REFERENCE_DELETE, "DELETE FROM reference_values WHERE list = ?1 AND value = ?2")                             \
	X(REFERENCE_EACH, "SELECT list, value, note, added FROM reference_values ORDER BY list, value")                \
	X(POLICY_PUT, "INSERT OR REPLACE INTO policies VALUES (?1, ?2, ?3)")                                           \
	X(POLICY_DELETE, "DELETE FROM policies WHERE name = ?1")                                                       \
	X(POLICY_EACH, "SELECT name, text, changed FROM policies ORDER BY name")                                       \
	X(GENERATION_GET, "SELECT value FROM meta WHERE key = 'generation'")                                           \
	X(GENERATION_NEXT, "UPDATE meta SET value = value + 1 WHERE key = 'generation'")                               \
	X(SCHEMA_GET, "SELECT value FROM meta WHERE key = 'schema'")                                                   \
	X(HOLD_PUT, "INSERT INTO holds VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")                                       \
	X(HOLD_GET, "SELECT id, machine, state, made, decided, reset, restart, record FROM holds WHERE id = ?1")       \
	X(HOLD_FIND, "SELECT id, machine, state, made, decided, reset, restart, record FROM holds WHERE machine = ?1 AND reset = ?2 AND restart = ?3 ORDER BY made DESC, rowid DESC LIMIT 1") \
	X(HOLD_DECIDE, "UPDATE holds SET state = ?2, decided = ?3 WHERE id = ?1 AND state = 0")                        \
	X(HOLD_USE, "UPDATE holds SET state = 3 WHERE id = ?1 AND state = 1")                                          \
	X(HOLD_RELEASE, "UPDATE holds SET state = 3, decided = ?2 WHERE machine = ?1 AND state = 0")                   \
	X(HOLD_EACH, "SELECT id, machine, state, made, decided, reset, restart, record FROM holds ORDER BY made")      \
	X(HOLDS_DELETE, "DELETE FROM holds WHERE machine = ?1")                                                        \
	X(AUDIT_LAST, "SELECT number, time, record, hash FROM audit ORDER BY number DESC LIMIT 1")                     \
	X(AUDIT_PUT, "INSERT INTO audit VALUES (?1, ?2, ?3, ?4)")                                                      \
	X(AUDIT_EACH, "SELECT number, time, record, hash FROM audit WHERE number >= ?1 ORDER BY number")               \
	X(BLOB_PUT, "INSERT OR IGNORE INTO blobs VALUES (?1, ?2)")                                                     \
	X(BLOB_PRUNE, "DELETE FROM blobs WHERE digest NOT IN (SELECT text FROM cases) AND digest NOT IN (SELECT refs FROM cases)") \
	X(CASE_PUT, "INSERT INTO cases VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")                                   \
	X(CASE_PRUNE, "DELETE FROM cases WHERE record IN (SELECT record FROM cases WHERE machine = ?1 AND approved = ?2 ORDER BY record DESC LIMIT -1 OFFSET ?3)") \
	X(CASE_GET, "SELECT c.evidence, c.machine_record, c.policy, t.data, r.data, c.now FROM cases c JOIN blobs t ON t.digest = c.text JOIN blobs r ON r.digest = c.refs WHERE c.record = ?1") \
	X(CASES_DELETE, "DELETE FROM cases WHERE machine = ?1")

enum statement_id {
#define X(name, sql) S_##name,
	STATEMENTS(X)
#undef X
	S_END
};

static const char *const sql[] = {
#define X(name, text) text,
	STATEMENTS(X)
#undef X
};

struct store {
	sqlite3 *db;
	sqlite3_stmt *statement[S_END];
	char why[WHY_MAX];
};

/* --- running a statement: query(), then put_*() in order, then step(), then the columns, then done() --- */

struct query {
	struct store *st;
	sqlite3_stmt *s;
	int next; /* the next parameter */
	enum status failed;
};

static enum status
complain(struct store *st)
{
	int code = sqlite3_errcode(st->db);

	snprintf(st->why, sizeof st->why, "%s", sqlite3_errmsg(st->db));
	return code == SQLITE_BUSY || code == SQLITE_LOCKED ? E_BUSY : E_STORE;
}

static struct query
query(struct store *st, enum statement_id id)
{
	struct query q = { st, st->statement[id], 1, OK };

	if (q.s == NULL && sqlite3_prepare_v3(st->db, sql[id], -1, SQLITE_PREPARE_PERSISTENT, &st->statement[id], NULL) != SQLITE_OK)
		q.failed = complain(st);
	q.s = st->statement[id];
	return q;
}

static void
put_blob(struct query *q, struct bytes v)
{
	if (q->failed == OK && sqlite3_bind_blob(q->s, q->next++, v.n == 0 ? "" : (const void *)v.p, (int)v.n, SQLITE_STATIC) != SQLITE_OK)
		q->failed = complain(q->st);
}

static void
put_text(struct query *q, const char *v)
{
	if (q->failed == OK && sqlite3_bind_text(q->s, q->next++, v, -1, SQLITE_STATIC) != SQLITE_OK)
		q->failed = complain(q->st);
}

static void
put_number(struct query *q, uint64_t v)
{
	if (q->failed == OK && sqlite3_bind_int64(q->s, q->next++, (sqlite3_int64)v) != SQLITE_OK)
		q->failed = complain(q->st);
}

static void
put_null(struct query *q)
{
	if (q->failed == OK && sqlite3_bind_null(q->s, q->next++) != SQLITE_OK)
		q->failed = complain(q->st);
}

/* step(q): OK with a row, E_NOT_FOUND at the end. */
static enum status
step(struct query *q)
{
	if (q->failed != OK)
		return q->failed;
	switch (sqlite3_step(q->s)) {
	case SQLITE_ROW:
		return OK;
	case SQLITE_DONE:
		return E_NOT_FOUND;
	default:
		return q->failed = complain(q->st);
	}
}

static void
done(struct query *q)
{
	if (q->s == NULL)
		return;
	sqlite3_reset(q->s);
	sqlite3_clear_bindings(q->s);
}

/* run(q): a statement without rows; ${changes} of them are wanted, or any number when negative. */
static enum status
run(struct query *q, int changes)
{
	enum status s = step(q);

	if (s == E_NOT_FOUND)
		s = changes >= 0 && sqlite3_changes(q->st->db) != changes ? E_NOT_FOUND : OK;
	else if (s != OK && sqlite3_extended_errcode(q->st->db) == SQLITE_CONSTRAINT_PRIMARYKEY)
		s = E_EXISTS;
	done(q);
	return s;
}

static enum status
run_alone(struct store *st, enum statement_id id)
{
	struct query q = query(st, id);

	return run(&q, -1);
}

static struct bytes
blob_at(const struct query *q, int column)
{
	const void *p = sqlite3_column_blob(q->s, column);

	return bytes_of(p, (size_t)sqlite3_column_bytes(q->s, column));
}

static uint64_t
number_at(const struct query *q, int column)
{
	return (uint64_t)sqlite3_column_int64(q->s, column);
}

/* text_at(): cut to what fits; it was checked when it came in. */
static void
text_at(const struct query *q, int column, char *to, size_t size)
{
	const unsigned char *p = sqlite3_column_text(q->s, column);

	snprintf(to, size, "%s", p != NULL ? (const char *)p : "");
}

/* id_at(): a blob of a fixed size; anything else is a damaged database. */
static enum status
id_at(const struct query *q, int column, uint8_t *to, size_t n)
{
	struct bytes v = blob_at(q, column);

	if (v.n != n) {
		snprintf(q->st->why, sizeof q->st->why, "a row is damaged");
		return E_STORE;
	}
	memcpy(to, v.p, n);
	return OK;
}

/* --- opening --- */

static enum status
check_mode(const char *path, enum store_mode mode, char *why, size_t size)
{
	struct stat st;
	int fd;

	if (mode == STORE_CREATE) {
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd < 0) {
			snprintf(why, size, "%s: %s", path, strerror(errno));
			return file_status(errno);
		}
		close(fd);
	}
	if (stat(path, &st) != 0) {
		snprintf(why, size, "%s: %s", path, strerror(errno));
		return file_status(errno);
	}
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		snprintf(why, size, "%s: others may read it (mode %03o); chmod 600 it", path, (unsigned)(st.st_mode & 0777));
		return E_PERMISSION;
	}
	return OK;
}

static enum status
execute(struct store *st, const char *text)
{
	return sqlite3_exec(st->db, text, NULL, NULL, NULL) == SQLITE_OK ? OK : complain(st);
}

static enum status
is_empty(struct store *st, bool *empty)
{
	sqlite3_stmt *s = NULL;
	enum status r = OK;

	if (sqlite3_prepare_v2(st->db, "SELECT count(*) FROM sqlite_schema", -1, &s, NULL) != SQLITE_OK || sqlite3_step(s) != SQLITE_ROW)
		r = complain(st);
	else
		*empty = sqlite3_column_int(s, 0) == 0;
	sqlite3_finalize(s);
	return r;
}

static enum status
create_schema(struct store *st)
{
	bool empty = false;
	enum status s = execute(st, "BEGIN IMMEDIATE");

	if (s != OK)
		return s;
	s = is_empty(st, &empty);
	if (s == OK && empty)
		s = execute(st, schema);
	if (s != OK) {
		sqlite3_exec(st->db, "ROLLBACK", NULL, NULL, NULL);
		return s;
	}
	return execute(st, "COMMIT");
}

static enum status
check_schema(struct store *st)
{
	struct query q = query(st, S_SCHEMA_GET);
	enum status s = step(&q);

	if (s == OK && number_at(&q, 0) != STORE_SCHEMA) {
		snprintf(st->why, sizeof st->why, "schema %llu, this program knows %d", (unsigned long long)number_at(&q, 0), STORE_SCHEMA);
		s = E_VERSION;
	}
	done(&q);
	return s == E_NOT_FOUND ? E_STORE : s;
}

enum status
store_open(const char *path, enum store_mode mode, struct store **out, char *why, size_t size)
{
	static const char pragmas[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
				      "PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF; PRAGMA wal_autocheckpoint = 2000;";
	struct store *st;
	enum status s = check_mode(path, mode, why, size);

	if (s != OK)
		return s;
	st = calloc(1, sizeof *st);
	if (st == NULL) {
		snprintf(why, size, "%s", status_text(E_MEMORY));
		return E_MEMORY;
	}
	if (sqlite3_open_v2(path, &st->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOFOLLOW, NULL) != SQLITE_OK)
		s = complain(st);
	if (s == OK) {
		sqlite3_busy_timeout(st->db, BUSY_MS);
		sqlite3_extended_result_codes(st->db, 0);
		s = execute(st, pragmas);
	}
	if (s == OK && mode == STORE_CREATE)
		s = create_schema(st);
	if (s == OK)
		s = check_schema(st);
	if (s != OK) {
		snprintf(why, size, "%s: %s", path, st->why);
		store_close(st);
		return s;
	}
	*out = st;
	return OK;
}

void
store_close(struct store *st)
{
	if (st == NULL)
		return;
	for (size_t i = 0; i < S_END; i++)
		sqlite3_finalize(st->statement[i]);
	sqlite3_close(st->db);
	free(st);
}

const char *
store_why(const struct store *st)
{
	return st->why;
}

enum status
store_begin(struct store *st)
{
	return run_alone(st, S_BEGIN);
}

enum status
store_commit(struct store *st)
{
	return run_alone(st, S_COMMIT);
}

void
store_rollback(struct store *st)
{
	if (!sqlite3_get_autocommit(st->db))
		run_alone(st, S_ROLLBACK);
}

/* all_or_none(): runs ${change} in a transaction of its own, unless one is open. */
static enum status
all_or_none(struct store *st, enum status (*change)(struct store *st, const void *arg), const void *arg)
{
	bool own = sqlite3_get_autocommit(st->db) != 0;
	enum status s = own ? store_begin(st) : OK;

	if (s == OK)
		s = change(st, arg);
	if (s == OK && own)
		s = store_commit(st);
	if (s != OK && own)
		store_rollback(st);
	return s;
}

/* --- machines --- */

static enum status
machine_at(const struct query *q, int column, struct machine *m)
{
	enum status s = machine_decode(blob_at(q, column), m);

	if (s != OK) {
		snprintf(q->st->why, sizeof q->st->why, "a machine's record is damaged: %s", status_text(s));
		return E_STORE;
	}
	return OK;
}

static enum status
machine_get(struct store *st, enum statement_id id, const uint8_t machine[MACHINE_ID_SIZE], struct machine *m)
{
	struct query q = query(st, id);
	enum status s;

	put_blob(&q, bytes_of(machine, MACHINE_ID_SIZE));
	s = step(&q);
	if (s == OK)
		s = machine_at(&q, 0, m);
	done(&q);
	return s;
}

static enum status
machine_put(struct store *st, enum statement_id id, const struct machine *m, bool label)
{
	uint8_t record[MACHINE_ENCODED_MAX];
	struct buffer b = BUFFER(record);
	struct query q;
	enum status s = machine_encode(m, &b);

	if (s != OK) {
		snprintf(st->why, sizeof st->why, "a machine's record: %s", status_text(s));
		return E_STORE;
	}
	q = query(st, id);
	put_blob(&q, BYTES(m->id));
	if (label)
		put_text(&q, m->label);
	put_blob(&q, buffer_view(&b));
	return run(&q, -1);
}

static enum status
machine_each(struct store *st, enum statement_id id, bool (*each)(const struct machine *m, void *arg), void *arg)
{
	struct query q = query(st, id);
	struct machine m;
	enum status s;

	while ((s = step(&q)) == OK && (s = machine_at(&q, 0, &m)) == OK && each(&m, arg))
		;
	done(&q);
	return s == E_NOT_FOUND ? OK : s;
}

static enum status
delete_by(struct store *st, enum statement_id id, struct bytes key, int changes)
{
	struct query q = query(st, id);

	put_blob(&q, key);
	return run(&q, changes);
}

enum status
store_machine_get(struct store *st, const uint8_t id[MACHINE_ID_SIZE], struct machine *m)
{
	return machine_get(st, S_MACHINE_GET, id, m);
}

enum status
store_machine_put(struct store *st, const struct machine *m)
{
	return machine_put(st, S_MACHINE_PUT, m, true);
}

enum status
store_machine_find(struct store *st, const char *name, struct machine *m)
{
	uint8_t prefix[MACHINE_ID_SIZE];
	size_t n = 0;
	struct query q = query(st, S_MACHINE_FIND);
	enum status s;

	if (text_unhex(name, prefix, sizeof prefix, &n) != OK)
		n = 0;
	put_text(&q, name);
	put_blob(&q, bytes_of(prefix, n));
	s = step(&q);
	if (s == OK)
		s = machine_at(&q, 0, m);
	if (s == OK && step(&q) == OK)
		s = E_DUPLICATE;
	done(&q);
	return s;
}

static enum status
forget_what_hangs_on(struct store *st, struct bytes id)
{
	enum status s = delete_by(st, S_SHARES_DELETE, id, -1);

	if (s == OK)
		s = delete_by(st, S_VERDICTS_DELETE, id, -1);
	if (s == OK)
		s = delete_by(st, S_HOLDS_DELETE, id, -1);
	if (s == OK)
		s = delete_by(st, S_CANDIDATE_DELETE, id, -1);
	return s;
}

static enum status
machine_forget(struct store *st, const void *arg)
{
	const struct bytes *id = arg;
	enum status s = delete_by(st, S_MACHINE_DELETE, *id, 1);

	if (s == OK)
		s = forget_what_hangs_on(st, *id);
	if (s == OK)
		s = delete_by(st, S_CASES_DELETE, *id, -1);
	return s == OK ? run_alone(st, S_BLOB_PRUNE) : s;
}

enum status
store_machine_forget(struct store *st, const uint8_t id[MACHINE_ID_SIZE])
{
	struct bytes key = bytes_of(id, MACHINE_ID_SIZE);

	return all_or_none(st, machine_forget, &key);
}

enum status
store_machine_each(struct store *st, bool (*each)(const struct machine *m, void *arg), void *arg)
{
	return machine_each(st, S_MACHINE_EACH, each, arg);
}

enum status
store_candidate_put(struct store *st, const struct machine *m)
{
	return machine_put(st, S_CANDIDATE_PUT, m, false);
}

enum status
store_candidate_get(struct store *st, const uint8_t id[MACHINE_ID_SIZE], struct machine *m)
{
	return machine_get(st, S_CANDIDATE_GET, id, m);
}

static enum status
candidate_accept(struct store *st, const void *arg)
{
	const struct bytes *id = arg;
	struct machine fresh, old;
	enum status s = machine_get(st, S_CANDIDATE_GET, id->p, &fresh);

	if (s == OK)
		s = store_machine_get(st, id->p, &old);
	if (s != OK)
		return s;
	memcpy(fresh.label, old.label, sizeof fresh.label);
	memcpy(fresh.policy, old.policy, sizeof fresh.policy);
	fresh.frozen = old.frozen;
	fresh.active = true;
	s = store_machine_put(st, &fresh);
	return s == OK ? forget_what_hangs_on(st, *id) : s;
}

enum status
store_candidate_accept(struct store *st, const uint8_t id[MACHINE_ID_SIZE])
{
	struct bytes key = bytes_of(id, MACHINE_ID_SIZE);

	return all_or_none(st, candidate_accept, &key);
}

enum status
store_candidate_remove(struct store *st, const uint8_t id[MACHINE_ID_SIZE])
{
	return delete_by(st, S_CANDIDATE_DELETE, bytes_of(id, MACHINE_ID_SIZE), 1);
}

enum status
store_candidate_each(struct store *st, bool (*each)(const struct machine *m, void *arg), void *arg)
{
	return machine_each(st, S_CANDIDATE_EACH, each, arg);
}

/* --- shares --- */

enum status
store_share_count(struct store *st, const uint8_t machine[MACHINE_ID_SIZE], size_t *n)
{
	struct query q = query(st, S_SHARE_COUNT);
	enum status s;

	put_blob(&q, bytes_of(machine, MACHINE_ID_SIZE));
	s = step(&q);
	if (s == OK)
		*n = (size_t)number_at(&q, 0);
	done(&q);
	return s;
}

enum status
store_share_put(struct store *st, const struct store_share *share)
{
	size_t have = 0;
	struct query q;
	enum status s = store_share_count(st, share->machine, &have);

	if (s != OK)
		return s;
	if (have >= STORE_SHARES_MAX)
		return E_TOO_LARGE;
	q = query(st, S_SHARE_PUT);
	put_blob(&q, BYTES(share->machine));
	put_blob(&q, BYTES(share->id));
	put_blob(&q, bytes_of(share->wrapped, share->n));
	return run(&q, -1);
}

static void
wrapped_at(const struct query *q, int column, struct store_share *share)
{
	struct bytes v = blob_at(q, column);

	share->n = v.n <= sizeof share->wrapped ? v.n : 0;
	memcpy(share->wrapped, v.n > 0 ? v.p : (const uint8_t *)"", share->n);
}

enum status
store_share_get(struct store *st, const uint8_t machine[MACHINE_ID_SIZE], const uint8_t id[SHARE_ID_SIZE], struct store_share *share)
{
	struct query q = query(st, S_SHARE_GET);
	enum status s;

	put_blob(&q, bytes_of(machine, MACHINE_ID_SIZE));
	put_blob(&q, bytes_of(id, SHARE_ID_SIZE));
	s = step(&q);
	if (s == OK) {
		memcpy(share->machine, machine, MACHINE_ID_SIZE);
		memcpy(share->id, id, SHARE_ID_SIZE);
		wrapped_at(&q, 0, share);
	}
	done(&q);
	return s;
}

enum status
store_share_each(struct store *st, const uint8_t machine[MACHINE_ID_SIZE], bool (*each)(const struct store_share *share, void *arg), void *arg)
{
	struct query q = query(st, S_SHARE_EACH);
	struct store_share share;
	enum status s;

	put_blob(&q, bytes_of(machine, MACHINE_ID_SIZE));
	memcpy(share.machine, machine, MACHINE_ID_SIZE);
	while ((s = step(&q)) == OK && (s = id_at(&q, 0, share.id, sizeof share.id)) == OK) {
		wrapped_at(&q, 1, &share);
		if (!each(&share, arg))
			break;
	}
	done(&q);
	return s == E_NOT_FOUND ? OK : s;
}

enum status
store_share_remove(struct store *st, const uint8_t machine[MACHINE_ID_SIZE], const uint8_t id[SHARE_ID_SIZE])
{
	struct query q = query(st, S_SHARE_DELETE);

	put_blob(&q, bytes_of(machine, MACHINE_ID_SIZE));
	put_blob(&q, bytes_of(id, SHARE_ID_SIZE));
	return run(&q, 1);
}

/* --- verdicts --- */

static enum status
verdict_write(struct store *st, enum statement_id id, const struct store_verdict *v, int changes)
{
	struct query q = query(st, id);

	put_blob(&q, BYTES(v->machine));
	put_blob(&q, BYTES(v->evidence));
	put_number(&q, (uint64_t)v->decision);
	put_number(&q, v->record);
	put_blob(&q, v->claims);
	put_number(&q, v->made);
	return run(&q, changes);
}

static enum status
verdict_prune(struct store *st, uint64_t now)
{
	struct query q = query(st, S_VERDICT_PRUNE);

	put_number(&q, now < STORE_VERDICT_LIFETIME ? 0 : now - STORE_VERDICT_LIFETIME);
	return run(&q, -1);
}

enum status
store_verdict_put(struct store *st, const struct store_verdict *v)
{
	enum status s = verdict_write(st, S_VERDICT_PUT, v, -1);

	if (s == OK)
		return verdict_prune(st, v->made);
	if (s != E_EXISTS || v->decision == DECISION_APPROVE)
		return s;
	s = verdict_write(st, S_VERDICT_DENY, v, 1);
	return s == E_NOT_FOUND ? E_EXISTS : s;
}

enum status
store_verdict_count(struct store *st, const uint8_t machine[MACHINE_ID_SIZE], uint64_t after, size_t *n)
{
	struct query q = query(st, S_VERDICT_COUNT);
	enum status s;

	put_blob(&q, bytes_of(machine, MACHINE_ID_SIZE));
	put_number(&q, after);
	s = step(&q);
	if (s == OK)
		*n = (size_t)number_at(&q, 0);
	done(&q);
	return s;
}

enum status
store_verdict_get(struct store *st, const uint8_t machine[MACHINE_ID_SIZE], const uint8_t evidence[32], struct store_verdict *v,
	struct buffer *claims)
{
	struct query q = query(st, S_VERDICT_GET);
	size_t at = claims->n;
	enum status s;

	put_blob(&q, bytes_of(machine, MACHINE_ID_SIZE));
	put_blob(&q, bytes_of(evidence, 32));
	s = step(&q);
	if (s == OK) {
		uint64_t decision = number_at(&q, 0);

		memcpy(v->machine, machine, MACHINE_ID_SIZE);
		memcpy(v->evidence, evidence, 32);
		v->decision = decision == DECISION_APPROVE ? DECISION_APPROVE : decision == DECISION_HOLD ? DECISION_HOLD : DECISION_DENY;
		v->record = number_at(&q, 1);
		buffer_bytes(claims, blob_at(&q, 2));
		v->claims = bytes_of(claims->p + at, claims->n - at);
		s = claims->failed;
	}
	done(&q);
	return s;
}

/* --- tokens --- */

enum status
store_token_put(struct store *st, const struct store_token *t)
{
	struct query q = query(st, S_TOKEN_PUT);

	put_blob(&q, BYTES(t->id));
	put_blob(&q, bytes_of(t->wrapped, t->n));
	put_text(&q, t->label);
	put_text(&q, t->policy);
	if (t->has_machine)
		put_blob(&q, BYTES(t->machine));
	else
		put_null(&q);
	put_number(&q, t->made);
	put_number(&q, t->expires);
	put_number(&q, t->uses);
	return run(&q, -1);
}

static enum status
token_at(const struct query *q, struct store_token *t)
{
	struct bytes wrapped = blob_at(q, 1);
	enum status s;

	memset(t, 0, sizeof *t);
	s = id_at(q, 0, t->id, sizeof t->id);
	t->n = wrapped.n <= sizeof t->wrapped ? wrapped.n : 0;
	memcpy(t->wrapped, t->n > 0 ? wrapped.p : (const uint8_t *)"", t->n);
	text_at(q, 2, t->label, sizeof t->label);
	text_at(q, 3, t->policy, sizeof t->policy);
	t->has_machine = sqlite3_column_type(q->s, 4) != SQLITE_NULL;
	if (s == OK && t->has_machine)
		s = id_at(q, 4, t->machine, sizeof t->machine);
	t->made = number_at(q, 5);
	t->expires = number_at(q, 6);
	t->uses = (uint32_t)number_at(q, 7);
	return s;
}

enum status
store_token_get(struct store *st, const uint8_t id[TOKEN_ID_SIZE], struct store_token *t)
{
	struct query q = query(st, S_TOKEN_GET);
	enum status s;

	put_blob(&q, bytes_of(id, TOKEN_ID_SIZE));
	s = step(&q);
	if (s == OK)
		s = token_at(&q, t);
	done(&q);
	return s;
}

enum status
store_token_use(struct store *st, const uint8_t id[TOKEN_ID_SIZE], uint64_t now)
{
	struct query q = query(st, S_TOKEN_USE);

	put_blob(&q, bytes_of(id, TOKEN_ID_SIZE));
	put_number(&q, now);
	return run(&q, 1);
}

enum status
store_token_remove(struct store *st, const uint8_t id[TOKEN_ID_SIZE])
{
	return delete_by(st, S_TOKEN_DELETE, bytes_of(id, TOKEN_ID_SIZE), 1);
}

enum status
store_token_each(struct store *st, bool (*each)(const struct store_token *t, void *arg), void *arg)
{
	struct query q = query(st, S_TOKEN_EACH);
	struct store_token t;
	enum status s;

	while ((s = step(&q)) == OK && (s = token_at(&q, &t)) == OK && each(&t, arg))
		;
	done(&q);
	return s == E_NOT_FOUND ? OK : s;
}

/* --- listed EKs --- */

enum status
store_ek_put(struct store *st, const struct store_ek *ek)
{
	struct query q = query(st, S_EK_PUT);

	put_blob(&q, BYTES(ek->machine));
	put_text(&q, ek->label);
	put_text(&q, ek->policy);
	return run(&q, -1);
}

static enum status
ek_at(const struct query *q, struct store_ek *ek)
{
	text_at(q, 1, ek->label, sizeof ek->label);
	text_at(q, 2, ek->policy, sizeof ek->policy);
	return id_at(q, 0, ek->machine, sizeof ek->machine);
}

enum status
store_ek_get(struct store *st, const uint8_t machine[MACHINE_ID_SIZE], struct store_ek *ek)
{
	struct query q = query(st, S_EK_GET);
	enum status s;

	put_blob(&q, bytes_of(machine, MACHINE_ID_SIZE));
	s = step(&q);
	if (s == OK)
		s = ek_at(&q, ek);
	done(&q);
	return s;
}

enum status
store_ek_remove(struct store *st, const uint8_t machine[MACHINE_ID_SIZE])
{
	return delete_by(st, S_EK_DELETE, bytes_of(machine, MACHINE_ID_SIZE), 1);
}

enum status
store_ek_each(struct store *st, bool (*each)(const struct store_ek *ek, void *arg), void *arg)
{
	struct query q = query(st, S_EK_EACH);
	struct store_ek ek;
	enum status s;

	while ((s = step(&q)) == OK && (s = ek_at(&q, &ek)) == OK && each(&ek, arg))
		;
	done(&q);
	return s == E_NOT_FOUND ? OK : s;
}

/* --- enrolments under way --- */

static enum status
session_put(struct store *st, const void *arg)
{
	const struct store_session *v = arg;
	struct query q = query(st, S_SESSION_PUT);
	enum status s;

	put_blob(&q, BYTES(v->id));
	put_number(&q, v->made);
	put_blob(&q, v->state);
	s = run(&q, -1);
	if (s != OK)
		return s;
	q = query(st, S_SESSION_PRUNE);
	put_number(&q, v->made < STORE_SESSION_LIFETIME ? 0 : v->made - STORE_SESSION_LIFETIME);
	put_number(&q, STORE_SESSIONS_MAX);
	return run(&q, -1);
}

enum status
store_session_put(struct store *st, const struct store_session *v)
{
	return all_or_none(st, session_put, v);
}

enum status
store_session_take(struct store *st, const uint8_t id[STORE_SESSION_SIZE], uint64_t now, struct buffer *state)
{
	struct query q = query(st, S_SESSION_GET);
	enum status s;

	put_blob(&q, bytes_of(id, STORE_SESSION_SIZE));
	put_number(&q, now < STORE_SESSION_LIFETIME ? 0 : now - STORE_SESSION_LIFETIME);
	s = step(&q);
	if (s == OK) {
		buffer_bytes(state, blob_at(&q, 0));
		s = state->failed;
	}
	done(&q);
	return s == OK ? delete_by(st, S_SESSION_DELETE, bytes_of(id, STORE_SESSION_SIZE), 1) : s;
}

/* --- references and policies: each change is a new generation --- */

static enum status
next_generation(struct store *st)
{
	enum status s = run_alone(st, S_GENERATION_NEXT);

	return s == OK ? run_alone(st, S_BLOB_PRUNE) : s;
}

static enum status
reference_add(struct store *st, const void *arg)
{
	const struct {
		const struct reference *r;
		const char *note;
	} *a = arg;
	struct query q = query(st, S_REFERENCE_PUT);
	enum status s;

	put_text(&q, a->r->list);
	put_blob(&q, bytes_of(a->r->value, a->r->n));
	put_text(&q, a->note);
	put_number(&q, (uint64_t)time(NULL));
	s = run(&q, -1);
	return s == OK ? next_generation(st) : s;
}

enum status
store_reference_add(struct store *st, const struct reference *r, const char *note)
{
	const struct {
		const struct reference *r;
		const char *note;
	} a = { r, note };

	return all_or_none(st, reference_add, &a);
}

static enum status
reference_remove(struct store *st, const void *arg)
{
	const struct reference *r = arg;
	struct query q = query(st, S_REFERENCE_DELETE);
	enum status s;

	put_text(&q, r->list);
	put_blob(&q, bytes_of(r->value, r->n));
	s = run(&q, 1);
	return s == OK ? next_generation(st) : s;
}

enum status
store_reference_remove(struct store *st, const struct reference *r)
{
	return all_or_none(st, reference_remove, r);
}

enum status
store_reference_each(struct store *st, bool (*each)(const struct reference *r, const char *note, uint64_t added, void *arg), void *arg)
{
	struct query q = query(st, S_REFERENCE_EACH);
	enum status s;

	while ((s = step(&q)) == OK) {
		struct reference r;
		char note[STORE_NOTE_MAX + 1];
		struct bytes v = blob_at(&q, 1);

		text_at(&q, 0, r.list, sizeof r.list);
		text_at(&q, 2, note, sizeof note);
		r.n = v.n <= sizeof r.value ? v.n : 0;
		memcpy(r.value, r.n > 0 ? v.p : (const uint8_t *)"", r.n);
		if (!each(&r, note, number_at(&q, 3), arg))
			break;
	}
	done(&q);
	return s == E_NOT_FOUND ? OK : s;
}

struct named_text {
	const char *name;
	struct bytes text;
};

static enum status
policy_put(struct store *st, const void *arg)
{
	const struct named_text *a = arg;
	struct query q = query(st, S_POLICY_PUT);
	enum status s;

	put_text(&q, a->name);
	put_blob(&q, a->text);
	put_number(&q, (uint64_t)time(NULL));
	s = run(&q, -1);
	return s == OK ? next_generation(st) : s;
}

enum status
store_policy_put(struct store *st, const char *name, struct bytes text)
{
	const struct named_text a = { name, text };

	return text.n > STORE_POLICY_SIZE_MAX ? E_TOO_LARGE : all_or_none(st, policy_put, &a);
}

static enum status
policy_remove(struct store *st, const void *arg)
{
	struct query q = query(st, S_POLICY_DELETE);
	enum status s;

	put_text(&q, arg);
	s = run(&q, 1);
	return s == OK ? next_generation(st) : s;
}

enum status
store_policy_remove(struct store *st, const char *name)
{
	return all_or_none(st, policy_remove, name);
}

enum status
store_policy_each(struct store *st, bool (*each)(const char *name, struct bytes text, uint64_t changed, void *arg), void *arg)
{
	struct query q = query(st, S_POLICY_EACH);
	enum status s;

	while ((s = step(&q)) == OK) {
		char name[POLICY_NAME_MAX + 1];

		text_at(&q, 0, name, sizeof name);
		if (!each(name, blob_at(&q, 1), number_at(&q, 2), arg))
			break;
	}
	done(&q);
	return s == E_NOT_FOUND ? OK : s;
}

enum status
store_generation(struct store *st, uint64_t *n)
{
	struct query q = query(st, S_GENERATION_GET);
	enum status s = step(&q);

	if (s == OK)
		*n = number_at(&q, 0);
	done(&q);
	return s;
}

/* --- holds --- */

enum status
store_hold_put(struct store *st, const struct store_hold *h)
{
	struct query q = query(st, S_HOLD_PUT);

	put_blob(&q, BYTES(h->id));
	put_blob(&q, BYTES(h->machine));
	put_number(&q, (uint64_t)h->state);
	put_number(&q, h->made);
	put_number(&q, h->decided);
	put_number(&q, h->reset);
	put_number(&q, h->restart);
	put_number(&q, h->record);
	return run(&q, -1);
}

static enum status
hold_at(const struct query *q, struct store_hold *h)
{
	static const enum hold_state states[] = { HOLD_WAITING, HOLD_YES, HOLD_NO, HOLD_USED };
	uint64_t state = number_at(q, 2);
	enum status s = id_at(q, 0, h->id, sizeof h->id);

	if (s == OK)
		s = id_at(q, 1, h->machine, sizeof h->machine);
	h->state = state < sizeof states / sizeof *states ? states[state] : HOLD_NO;
	h->made = number_at(q, 3);
	h->decided = number_at(q, 4);
	h->reset = (uint32_t)number_at(q, 5);
	h->restart = (uint32_t)number_at(q, 6);
	h->record = number_at(q, 7);
	return s;
}

static enum status
hold_take(struct query *q, struct store_hold *h)
{
	enum status s = step(q);

	if (s == OK)
		s = hold_at(q, h);
	done(q);
	return s;
}

enum status
store_hold_get(struct store *st, const uint8_t id[HOLD_ID_SIZE], struct store_hold *h)
{
	struct query q = query(st, S_HOLD_GET);

	put_blob(&q, bytes_of(id, HOLD_ID_SIZE));
	return hold_take(&q, h);
}

enum status
store_hold_find(struct store *st, const uint8_t machine[MACHINE_ID_SIZE], uint32_t reset, uint32_t restart, struct store_hold *h)
{
	struct query q = query(st, S_HOLD_FIND);

	put_blob(&q, bytes_of(machine, MACHINE_ID_SIZE));
	put_number(&q, reset);
	put_number(&q, restart);
	return hold_take(&q, h);
}

enum status
store_hold_decide(struct store *st, const uint8_t id[HOLD_ID_SIZE], bool yes, uint64_t now)
{
	struct query q = query(st, S_HOLD_DECIDE);

	put_blob(&q, bytes_of(id, HOLD_ID_SIZE));
	put_number(&q, yes ? HOLD_YES : HOLD_NO);
	put_number(&q, now);
	return run(&q, 1);
}

enum status
store_hold_use(struct store *st, const uint8_t id[HOLD_ID_SIZE])
{
	return delete_by(st, S_HOLD_USE, bytes_of(id, HOLD_ID_SIZE), 1);
}

enum status
store_hold_release(struct store *st, const uint8_t machine[MACHINE_ID_SIZE], uint64_t now)
{
	struct query q = query(st, S_HOLD_RELEASE);

	put_blob(&q, bytes_of(machine, MACHINE_ID_SIZE));
	put_number(&q, now);
	return run(&q, -1);
}

enum status
store_hold_each(struct store *st, bool (*each)(const struct store_hold *h, void *arg), void *arg)
{
	struct query q = query(st, S_HOLD_EACH);
	struct store_hold h;
	enum status s;

	while ((s = step(&q)) == OK && (s = hold_at(&q, &h)) == OK && each(&h, arg))
		;
	done(&q);
	return s == E_NOT_FOUND ? OK : s;
}

/* --- the audit log --- */

static void
audit_hash(const uint8_t before[32], uint64_t number, uint64_t at, struct bytes record, uint8_t out[32])
{
	uint8_t head[16], digest[HASH_SIZE_MAX];
	struct buffer b = BUFFER(head);
	struct hash h;

	buffer_be64(&b, number);
	buffer_be64(&b, at);
	hash_begin(&h, HASH_SHA256);
	hash_add(&h, bytes_of(before, 32));
	hash_add(&h, BYTES(head));
	hash_add(&h, record);
	hash_end(&h, digest);
	memcpy(out, digest, 32);
}

static enum status
record_at(const struct query *q, struct store_record *r)
{
	r->number = number_at(q, 0);
	r->time = number_at(q, 1);
	r->record = blob_at(q, 2);
	return id_at(q, 3, r->hash, sizeof r->hash);
}

static enum status
audit_last(struct store *st, struct store_record *r)
{
	struct query q = query(st, S_AUDIT_LAST);
	enum status s = step(&q);

	memset(r, 0, sizeof *r);
	if (s == OK)
		s = record_at(&q, r);
	r->record = bytes_of(NULL, 0);
	done(&q);
	return s == E_NOT_FOUND ? OK : s;
}

enum status
store_audit_next(struct store *st, uint64_t *number)
{
	struct store_record last;
	enum status s = audit_last(st, &last);

	*number = last.number + 1;
	return s;
}

enum status
store_audit_append(struct store *st, uint64_t at, struct bytes record, uint64_t *number)
{
	struct store_record last;
	uint8_t hash[32];
	struct query q;
	enum status s;

	if (sqlite3_get_autocommit(st->db) || record.n > STORE_RECORD_MAX) {
		snprintf(st->why, sizeof st->why, "a record of %zu bytes%s", record.n, sqlite3_get_autocommit(st->db) ? " outside of a transaction" : "");
		return E_STORE;
	}
	s = audit_last(st, &last);
	if (s != OK)
		return s;
	*number = last.number + 1;
	audit_hash(last.hash, *number, at, record, hash);
	q = query(st, S_AUDIT_PUT);
	put_number(&q, *number);
	put_number(&q, at);
	put_blob(&q, record);
	put_blob(&q, BYTES(hash));
	return run(&q, -1);
}

enum status
store_audit_each(struct store *st, uint64_t from, bool (*each)(const struct store_record *r, void *arg), void *arg)
{
	struct query q = query(st, S_AUDIT_EACH);
	struct store_record r;
	enum status s;

	put_number(&q, from);
	while ((s = step(&q)) == OK && (s = record_at(&q, &r)) == OK && each(&r, arg))
		;
	done(&q);
	return s == E_NOT_FOUND ? OK : s;
}

struct verification {
	struct store_record last;
	bool bad;
};

static bool
verify_one(const struct store_record *r, void *arg)
{
	struct verification *v = arg;
	uint8_t hash[32];

	audit_hash(v->last.hash, v->last.number + 1, r->time, r->record, hash);
	v->bad = r->number != v->last.number + 1 || memcmp(hash, r->hash, sizeof hash) != 0;
	if (v->bad)
		return false;
	v->last = *r;
	return true;
}

enum status
store_audit_verify(struct store *st, struct store_record *last, uint64_t *bad)
{
	struct verification v;
	enum status s;

	memset(&v, 0, sizeof v);
	s = store_audit_each(st, 0, verify_one, &v);
	v.last.record = bytes_of(NULL, 0);
	*last = v.last;
	*bad = v.bad ? v.last.number + 1 : 0;
	return s == OK && v.bad ? E_MISMATCH : s;
}

/* --- cases --- */

static enum status
blob_put(struct store *st, struct bytes data, uint8_t digest[HASH_SIZE_MAX])
{
	struct query q = query(st, S_BLOB_PUT);

	hash_compute(HASH_SHA256, data, digest);
	put_blob(&q, bytes_of(digest, 32));
	put_blob(&q, data);
	return run(&q, -1);
}

struct case_row {
	uint64_t record;
	const uint8_t *machine;
	bool approved;
	const struct case_file *c;
	unsigned keep;
};

static enum status
case_prune(struct store *st, const struct case_row *a)
{
	struct query q = query(st, S_CASE_PRUNE);

	put_blob(&q, bytes_of(a->machine, MACHINE_ID_SIZE));
	put_number(&q, a->approved);
	put_number(&q, a->approved ? a->keep : 4 * (uint64_t)a->keep);
	return run(&q, -1);
}

static enum status
case_put(struct store *st, const void *arg)
{
	const struct case_row *a = arg;
	char name[POLICY_NAME_MAX + 1];
	uint8_t text[HASH_SIZE_MAX], references[HASH_SIZE_MAX];
	struct query q;
	enum status s = blob_put(st, a->c->policy_text, text);

	if (s == OK)
		s = blob_put(st, a->c->references, references);
	if (s != OK)
		return s;
	snprintf(name, sizeof name, "%.*s", (int)(a->c->policy_name.n < sizeof name ? a->c->policy_name.n : sizeof name - 1),
		(const char *)a->c->policy_name.p);
	q = query(st, S_CASE_PUT);
	put_number(&q, a->record);
	put_blob(&q, bytes_of(a->machine, MACHINE_ID_SIZE));
	put_number(&q, a->approved);
	put_blob(&q, a->c->evidence);
	put_blob(&q, a->c->machine);
	put_text(&q, name);
	put_blob(&q, bytes_of(text, 32));
	put_blob(&q, bytes_of(references, 32));
	put_number(&q, a->c->now);
	s = run(&q, -1);
	return s == OK ? case_prune(st, a) : s;
}

enum status
store_case_put(struct store *st, uint64_t record, const uint8_t machine[MACHINE_ID_SIZE], bool approved, const struct case_file *c, unsigned keep)
{
	const struct case_row a = { record, machine, approved, c, keep };

	return all_or_none(st, case_put, &a);
}

static struct bytes
keep_blob(const struct query *q, int column, struct buffer *space)
{
	size_t at = space->n;

	buffer_bytes(space, blob_at(q, column));
	return bytes_of(space->p + at, space->n - at);
}

enum status
store_case_get(struct store *st, uint64_t record, struct case_file *c, struct buffer *space)
{
	struct query q = query(st, S_CASE_GET);
	enum status s;

	put_number(&q, record);
	s = step(&q);
	if (s == OK) {
		c->evidence = keep_blob(&q, 0, space);
		c->machine = keep_blob(&q, 1, space);
		c->policy_name = keep_blob(&q, 2, space);
		c->policy_text = keep_blob(&q, 3, space);
		c->references = keep_blob(&q, 4, space);
		c->now = number_at(&q, 5);
		s = space->failed;
	}
	done(&q);
	return s;
}
