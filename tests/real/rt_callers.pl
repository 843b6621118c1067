#!/usr/bin/perl
# A surge of callers: TOTAL tickets in Request Tracker, RATE a second, beside its web server and by its own API. Each is a
# database transaction of its own, and is printed by its number once it is there.
# With BEFOREHAND they are made first, which takes 15 ms of a processor each, and hidden; "ready" is printed, and with the
# next line of input they begin to come: each is as new as if it had been made then.
use strict;
use warnings;
use lib '/usr/share/request-tracker5/lib';
use RT -init;
use MIME::Entity;
use Time::HiRes qw(sleep time);

my ($rate, $total, $beforehand) = @ARGV;
$| = 1;

sub opened {
    my ($number) = @_;
    my $text = MIME::Entity->build(Type => 'text/plain', Charset => 'UTF-8', Data => [sprintf('Key ID %08X', $number)]);
    my $ticket = RT::Ticket->new(RT->SystemUser);
    my ($id, undef, $said) = $ticket->Create(
        Queue     => 'Recovery',
        Subject   => "BitLocker $number",
        Requestor => sprintf('caller%02d@demo.example', $number % 50),
        Priority  => 20 * ($number % 5),
        MIMEObj   => $text,
        'CustomField-1' => sprintf('LT-%05d', $number),
    );
    die "callers: $said\n" unless $id;
    return $id;
}

sub hidden {
    $RT::Handle->BeginTransaction;
    my @ids = map { opened($_) } 0 .. $total - 1;
    $RT::Handle->SimpleQuery("UPDATE Tickets SET Status = 'deleted', LastUpdated = '2001-01-01 00:00:00' WHERE id >= ?", $ids[0]);
    $RT::Handle->Commit;
    print "ready\n";
    <STDIN>;
    return @ids;
}

sub shown {
    my ($id) = @_;
    my $now = RT::Date->new(RT->SystemUser);
    $now->SetToNow;
    $RT::Handle->SimpleQuery("UPDATE Tickets SET Status = 'new', Created = ?, LastUpdated = ? WHERE id = ?", ($now->ISO) x 2, $id);
    return $id;
}

my @ids   = $beforehand ? hidden() : ();
my $begun = time;
for my $number (0 .. $total - 1) {
    # Never without a pause: the web server writes too, when a token was last used, and SQLite knows no queue.
    do { sleep(0.01) } while time - $begun < $number / $rate;
    print @ids ? shown($ids[$number]) : opened($number), "\n";
}
