/*
 * A Librecast program to test against: sends to a channel or prints what comes, raw or framed.
 *
 *   peer group CHANNEL                                 prints the channel's group
 *   peer send raw|framed CHANNEL INTERFACE TEXT...     sends each text as one message
 *   peer receive raw|framed CHANNEL INTERFACE COUNT    prints COUNT messages, one a line
 *   peer answer CHANNEL INTERFACE                      answers pings until it is ended
 *
 * "ready" is printed when the channel is joined. A framed message is printed as
 * "OPERATION SEQUENCE TIMESTAMP HEX", a raw one as "HEX". LIBRECAST_KEY, 64 hexadecimal digits,
 * makes the channel an encrypted one. It gives up after 20 seconds.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <librecast/net.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MESSAGE_SIZE 65536
#define KEY_SIZE 32

static void fail(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static void print_hex(const unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) printf("%02x", bytes[i]);
	printf("\n");
}

static void set_key(lc_channel_t *channel)
{
	static unsigned char key[KEY_SIZE];
	const char *hex = getenv("LIBRECAST_KEY");
	if (!hex) return;
	for (size_t i = 0; i < KEY_SIZE; i++) {
		if (sscanf(hex + 2 * i, "%2hhx", &key[i]) != 1) fail("LIBRECAST_KEY");
	}
	lc_channel_set_sym_key(channel, key, KEY_SIZE);
	lc_channel_coding_set(channel, LC_CODE_SYMM);
}

static lc_channel_t *open_channel(lc_ctx_t *context, char *name, const char *interface)
{
	lc_socket_t *socket = lc_socket_new(context);
	lc_channel_t *channel = lc_channel_new(context, name);
	if (!socket || !channel) fail("open");
	if (lc_socket_bind(socket, if_nametoindex(interface))) fail("interface");
	if (lc_channel_bind(socket, channel)) fail("bind");
	set_key(channel);
	return channel;
}

static void join(lc_channel_t *channel)
{
	if (lc_channel_join(channel)) fail("join");
	printf("ready\n");
	fflush(stdout);
}

static void send_one(lc_channel_t *channel, int framed, char *text)
{
	size_t size = strlen(text);
	ssize_t sent;
	if (framed) {
		lc_message_t message;
		lc_msg_init_data(&message, text, size, NULL, NULL);
		sent = lc_msg_send(channel, &message);
	} else {
		sent = lc_channel_send(channel, text, size, 0);
	}
	if (sent < 0) fail("send");
}

static void print_frame(const lc_message_t *message)
{
	printf("%d %" PRIu64 " %" PRIu64 " ", message->op, message->seq, message->timestamp);
	print_hex(message->data, message->len);
}

static void receive_one(lc_channel_t *channel, int framed)
{
	if (framed) {
		lc_message_t message = {0};
		if (lc_msg_recv(lc_channel_socket(channel), &message) < 0) fail("receive");
		print_frame(&message);
		lc_msg_free(&message);
	} else {
		static unsigned char bytes[MESSAGE_SIZE];
		ssize_t size = lc_channel_recv(channel, bytes, sizeof bytes, 0);
		if (size < 0) fail("receive");
		print_hex(bytes, (size_t)size);
	}
	fflush(stdout);
}

static void print_group(lc_ctx_t *context, char *name)
{
	char text[INET6_ADDRSTRLEN];
	lc_channel_t *channel = lc_channel_new(context, name);
	printf("%s\n", inet_ntop(AF_INET6, lc_channel_in6addr(channel), text, sizeof text));
}

static void answer(lc_channel_t *channel)
{
	join(channel);
	if (lc_socket_listen(lc_channel_socket(channel), NULL, NULL)) fail("listen");
	pause();
}

int main(int count, char **words)
{
	lc_ctx_t *context = lc_ctx_new();
	const char *mode = count > 1 ? words[1] : "";
	alarm(20);
	if (!strcmp(mode, "group") && count == 3) {
		print_group(context, words[2]);
	} else if (!strcmp(mode, "answer") && count == 4) {
		answer(open_channel(context, words[2], words[3]));
	} else if (!strcmp(mode, "send") && count > 5) {
		lc_channel_t *channel = open_channel(context, words[3], words[4]);
		for (int i = 5; i < count; i++) send_one(channel, !strcmp(words[2], "framed"), words[i]);
	} else if (!strcmp(mode, "receive") && count == 6) {
		lc_channel_t *channel = open_channel(context, words[3], words[4]);
		join(channel);
		for (int i = atoi(words[5]); i > 0; i--) receive_one(channel, !strcmp(words[2], "framed"));
	} else {
		fprintf(stderr, "usage: see the head of peer.c\n");
		return EXIT_FAILURE;
	}
	lc_ctx_free(context);
	return EXIT_SUCCESS;
}
