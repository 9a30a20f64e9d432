/* SPDX-License-Identifier: ISC */
/*
 * stopwatch FILE COMMAND ...: runs a command; appends one line to FILE: milliseconds from fork to end, milliseconds of processor
 * time of the command and of all that it waited for, and the most memory that one of them held (kB).  Ends with the command's status.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Seconds; then a signal ends the command. */
#define LONGEST 60

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double
milliseconds(struct timeval t)
{
	return (double)t.tv_sec * 1e3 + (double)t.tv_usec / 1e3;
}

int
main(int argc, char **argv)
{
	struct rusage used;
	double start, wall;
	int status;
	pid_t pid;
	FILE *f;

	if (argc < 3 || (f = fopen(argv[1], "ae")) == NULL) {
		fprintf(stderr, "usage: stopwatch FILE COMMAND ...\n");
		return 2;
	}
	start = now();
	pid = fork();
	if (pid == 0) {
		alarm(LONGEST);
		execvp(argv[2], argv + 2);
		perror(argv[2]);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &used) != pid)
		return 1;
	wall = now() - start;
	fprintf(f, "%.3f %.3f %ld\n", wall, milliseconds(used.ru_utime) + milliseconds(used.ru_stime), used.ru_maxrss);
	return fclose(f) == 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
