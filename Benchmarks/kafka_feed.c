// kafka_feed TOPIC PARTITIONS FILE: librdkafka's mock cluster with the lines of a file as messages, in turn on each partition. Prints the brokers
// when all are there, and ends with its input. The cluster keeps 5 MB of a partition.
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int count, char **argument) {
    char words[512];
    if (count != 4) return 2;
    int partitions = atoi(argument[2]);
    rd_kafka_conf_t *settings = rd_kafka_conf_new();
    rd_kafka_conf_set(settings, "bootstrap.servers", "127.0.0.1:1", words, sizeof words);
    rd_kafka_conf_set_log_cb(settings, NULL);
    rd_kafka_t *owner = rd_kafka_new(RD_KAFKA_PRODUCER, settings, words, sizeof words);
    rd_kafka_mock_cluster_t *cluster = rd_kafka_mock_cluster_new(owner, 1);
    rd_kafka_mock_topic_create(cluster, argument[1], partitions, 1);
    rd_kafka_mock_topic_create(cluster, "dead", 1, 1);
    settings = rd_kafka_conf_new();
    rd_kafka_conf_set(settings, "bootstrap.servers", rd_kafka_mock_cluster_bootstraps(cluster), words, sizeof words);
    rd_kafka_t *producer = rd_kafka_new(RD_KAFKA_PRODUCER, settings, words, sizeof words);
    FILE *file = fopen(argument[3], "r");
    if (!producer || !file) return 3;
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    for (long number = 0; (length = getline(&line, &room, file)) > 0; number++) {
        if (line[length - 1] == '\n') length--;
        while (rd_kafka_producev(producer, RD_KAFKA_V_TOPIC(argument[1]), RD_KAFKA_V_PARTITION(number % partitions),
                                 RD_KAFKA_V_VALUE(line, length), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                 RD_KAFKA_V_END) == RD_KAFKA_RESP_ERR__QUEUE_FULL)
            rd_kafka_poll(producer, 50);
        rd_kafka_poll(producer, 0);
    }
    if (rd_kafka_flush(producer, 120000)) return 3;
    puts(rd_kafka_mock_cluster_bootstraps(cluster));
    fflush(stdout);
    while (getchar() != EOF) {}
    _Exit(0);
}
