#ifndef ROOMCAST_TESTS_BROKER_FAULTS_H
#define ROOMCAST_TESTS_BROKER_FAULTS_H
/*
 * A disk that fails when told to, for programs that link this file: SQLite's calls to write and
 * to sync a file, counted from the moment a fault is armed, fail with errno.
 */
enum fault { FAULT_NONE, FAULT_WRITE, FAULT_SYNC };

enum { FAULT_FOR_EVER = -1 };

/* The nth call (from 1) and the following ones fail, `times` of them. */
void faults_arm(enum fault fault, int nth, int times, int code);

void faults_heal(void);

/* The disk is well in between, for those who only look; calls are not counted meanwhile. */
void faults_pause(void);
void faults_resume(void);

/* Calls that failed since faults_arm(). */
int faults_struck(void);

#endif
