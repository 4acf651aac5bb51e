/* The plain C program: a row for each access and request line, inserted by one prepared statement each. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(int status, sqlite3 *db) {
    if (status != SQLITE_OK && status != SQLITE_DONE) {
        fprintf(stderr, "%s\n", sqlite3_errmsg(db));
        exit(1);
    }
}

int main(int count, char **arguments) {
    sqlite3 *db;
    sqlite3_stmt *access, *request;
    if (count != 3) return 64;
    FILE *log = fopen(arguments[1], "r");
    if (!log) return 66;
    check(sqlite3_open(arguments[2], &db), db);
    check(sqlite3_exec(db,
        "PRAGMA page_size = 16384; PRAGMA synchronous = NORMAL;"
        "CREATE TABLE access(line INTEGER, client TEXT, method TEXT, path TEXT, status INTEGER);"
        "CREATE TABLE request(line INTEGER, time TEXT, text TEXT); BEGIN", 0, 0, 0), db);
    check(sqlite3_prepare_v2(db, "INSERT INTO access VALUES (?, ?, ?, ?, ?)", -1, &access, 0), db);
    check(sqlite3_prepare_v2(db, "INSERT INTO request VALUES (?, ?, ?)", -1, &request, 0), db);
    char *line = NULL;
    size_t size = 0;
    ssize_t length;
    for (sqlite3_int64 number = 1; (length = getline(&line, &size, log)) > 0; number++) {
        char *quote;
        if (!strncmp(line, "INFO:     ", 10) && (quote = strstr(line, " - \""))) {
            char *method = quote + 4, *path = strchr(method, ' ');
            char *end = path ? strchr(path + 1, ' ') : NULL;
            char *status = end ? strstr(end, "\" ") : NULL;
            if (!status) continue;
            sqlite3_bind_int64(access, 1, number);
            sqlite3_bind_text(access, 2, line + 10, quote - line - 10, SQLITE_STATIC);
            sqlite3_bind_text(access, 3, method, path - method, SQLITE_STATIC);
            sqlite3_bind_text(access, 4, path + 1, end - path - 1, SQLITE_STATIC);
            sqlite3_bind_int(access, 5, atoi(status + 2));
            check(sqlite3_step(access), db);
            sqlite3_reset(access);
        } else if ((quote = strstr(line, "] Received request ")) || (quote = strstr(line, "] Added request "))) {
            char *id = strstr(quote, "request ") + 8;
            sqlite3_bind_int64(request, 1, number);
            sqlite3_bind_text(request, 2, strchr(line, ')') ? strchr(line, ')') + 7 : line, 14, SQLITE_STATIC);
            sqlite3_bind_text(request, 3, id, strcspn(id, ":.\n"), SQLITE_STATIC);
            check(sqlite3_step(request), db);
            sqlite3_reset(request);
        }
    }
    check(sqlite3_exec(db, "COMMIT", 0, 0, 0), db);
    sqlite3_finalize(access);
    sqlite3_finalize(request);
    return sqlite3_close(db);
}
