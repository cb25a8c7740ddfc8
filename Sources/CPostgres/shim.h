#pragma once
#include <libpq-fe.h>

// Connects with our defaults. What the connection string says itself stands after them and wins.
static inline PGconn *ek_pq_connect(const char *conninfo) {
    const char *keywords[] = {"application_name", "connect_timeout", "dbname", NULL};
    const char *values[] = {"evenkeel", "5", conninfo, NULL};
    return PQconnectdbParams(keywords, values, 1);
}
