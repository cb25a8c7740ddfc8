#pragma once
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

// rd_kafka_producev is variadic, which Swift cannot call. The message is copied; the headers are taken over when it returns no error. A key or
// value that is null is sent as none.
static inline rd_kafka_resp_err_t ek_kafka_produce(
    rd_kafka_t *producer, const char *topic, int32_t partition, const void *value, size_t value_size, const void *key, size_t key_size,
    rd_kafka_headers_t *headers, size_t number) {
    return rd_kafka_producev(
        producer, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_VALUE((void *)value, value_size),
        RD_KAFKA_V_KEY(key, key_size), RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_OPAQUE((void *)number), RD_KAFKA_V_END);
}

// The number that a message was produced with.
static inline size_t ek_kafka_number(const rd_kafka_message_t *message) { return (size_t)message->_private; }

// A request's failures as the mock cluster is to answer the next ones with; the library's own function is variadic.
static inline void ek_kafka_mock_fail(rd_kafka_mock_cluster_t *cluster, int16_t api, size_t count, rd_kafka_resp_err_t error) {
    for (size_t i = 0; i < count; i++) rd_kafka_mock_push_request_errors_array(cluster, api, 1, &error);
}
