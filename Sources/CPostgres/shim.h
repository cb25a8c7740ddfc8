#pragma once
#include <libpq-fe.h>

// Connects with our defaults. What the connection string says itself stands after them and wins.
static inline PGconn *ek_pq_connect(const char *conninfo) {
    // A server that vanished without a word is noticed within half a minute, not never.
    const char *keywords[] = {"application_name", "connect_timeout", "keepalives_idle", "tcp_user_timeout", "dbname", NULL};
    const char *values[] = {"evenkeel", "5", "10", "30000", conninfo, NULL};
    return PQconnectdbParams(keywords, values, 1);
}
