/* SPDX-License-Identifier: ISC */
/*
 * In place of verifier/enroll: judge as it is when a flaw in a decoder let a machine run its own code.  It holds keys and database, so what is asked
 * is only whether it can reach beyond them: the body of POST /v1/enroll/begin is a command, the answer says how it went.
 */
#include <stdio.h>
#include <string.h>

#include "hostile.h"
#include "verifier/judge.h"

void
enroll_prepare_begin(struct judge *j, struct job *job)
{
	char command[512], said[512];

	(void)j;
	snprintf(command, sizeof command, "%.*s", (int)job->request.body.n, (const char *)job->request.body.p);
	hostile_run(command, said, sizeof said);
	buffer_bytes(&job->answer, bytes_of(said, strlen(said)));
	job->status = 200;
}

void
enroll_prepare_finish(struct judge *j, struct job *job)
{
	(void)j;
	job->status = 503;
}

enum status
enroll_decide_finish(struct judge *j, struct job *job)
{
	(void)j;
	(void)job;
	return OK;
}
