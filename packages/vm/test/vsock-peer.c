/* Speaks vsock in a guest: `connect PORT TEXT` says a text to the host, `serve PORT` answers one connection with its own bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <linux/vm_sockets.h>

/* Copies until the other side sends no more. */
static int copy(int from, int to) {
  char buffer[4096];
  ssize_t length;
  while ((length = read(from, buffer, sizeof buffer)) > 0)
    if (write(to, buffer, length) != length) return 1;
  return length != 0;
}

static int speak(int peer, struct sockaddr_vm *host, const char *text) {
  size_t length = strlen(text);
  host->svm_cid = VMADDR_CID_HOST;
  if (connect(peer, (struct sockaddr *)host, sizeof *host) != 0) return perror("connect"), 1;
  if (write(peer, text, length) != (ssize_t)length || shutdown(peer, SHUT_WR) != 0) return perror("write"), 1;
  return copy(peer, STDOUT_FILENO);
}

static int serve(int listener, struct sockaddr_vm *own) {
  own->svm_cid = VMADDR_CID_ANY;
  if (bind(listener, (struct sockaddr *)own, sizeof *own) != 0 || listen(listener, 1) != 0) return perror("listen"), 1;
  puts("serving");
  fflush(stdout);
  int peer = accept(listener, NULL, NULL);
  return peer < 0 || copy(peer, peer) != 0;
}

int main(int count, char **words) {
  if (count < 3) return 2;
  struct sockaddr_vm address = {.svm_family = AF_VSOCK, .svm_port = (unsigned)atoi(words[2])};
  int descriptor = socket(AF_VSOCK, SOCK_STREAM, 0);
  if (descriptor < 0) return perror("socket"), 1;
  return count > 3 ? speak(descriptor, &address, words[3]) : serve(descriptor, &address);
}
