#Requires -Version 5.1
<#
.SYNOPSIS
    Collects what explains a BitLocker recovery prompt into one zip for `reseal diagnose`.
.DESCRIPTION
    Run it elevated on the unlocked device. It reads and changes nothing but its own zip and its temporary folder.
    It never reads the secret of a key protector: listings are stripped of digits before they are written.
    It asks first; -Consent says that the owner of the device has agreed.
.PARAMETER Consent
    The owner agreed to the collection; without it the script asks.
.PARAMETER Reference
    Where the agreement is recorded, such as a ticket number; it is written into the facts.
.PARAMETER Path
    Folder that gets the zip; the current folder by default.
.PARAMETER Days
    Days of event logs to export, 1 to 90.
#>
[CmdletBinding()]
param(
    [switch]$Consent,
    [ValidateLength(0, 100)][string]$Reference = '',
    [string]$Path = (Get-Location).ProviderPath,
    [ValidateRange(1, 90)][int]$Days = 30
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
$RegistrationHost = 'enterpriseregistration.windows.net'
$Failed = New-Object System.Collections.Generic.List[string]

function Test-Elevated {
    $identity = [Security.Principal.WindowsIdentity]::GetCurrent()
    $principal = New-Object Security.Principal.WindowsPrincipal($identity)
    return $principal.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)
}

function Confirm-Collection {
    if ($Consent) { return 'switch' }
    Write-Host 'This collects: BitLocker status and protector IDs, boot and update events, join state, firmware and'
    Write-Host 'Secure Boot facts, policies, measured-boot logs. No recovery password and no file of yours is collected.'
    $answer = Read-Host 'Does the owner of this device agree? Type yes to go on'
    if ($answer -ne 'yes') {
        Write-Host 'Nothing was collected.'
        exit 1
    }
    return 'prompt'
}

# Groups of six digits never belong to what is wanted here, in any language.
function Hide-Digits {
    param([AllowEmptyString()][AllowNull()][string]$Text)
    if ($null -eq $Text) { return '' }
    $hidden = [regex]::Replace($Text, '(?<![0-9A-Fa-f-])\d{6}(?:-\d{6}){1,7}(?![0-9A-Fa-f-])', '[removed]')
    $hidden = [regex]::Replace($hidden, '(?<!\d)\d{6}(?:\s{1,2}\d{6}){7}(?!\d)', '[removed]')
    return [regex]::Replace($hidden, '(?<![0-9A-Fa-f])\d{48}(?![0-9A-Fa-f])', '[removed]')
}

function Save-Text {
    param([string]$Name, [AllowEmptyString()][AllowNull()][string]$Text)
    $target = Join-Path $Folder $Name
    [IO.File]::WriteAllText($target, (Hide-Digits $Text), (New-Object Text.UTF8Encoding($false)))
}

function Invoke-Part {
    param([string]$Name, [scriptblock]$Part)
    try { & $Part } catch { $Failed.Add(('{0}: {1}' -f $Name, $_.Exception.Message)) }
}

function Get-ToolText {
    param([string]$Tool, [string[]]$Arguments)
    $found = Join-Path $env:SystemRoot ('System32\' + $Tool)
    # A tool's own error lines are part of what it says, not an error of this script.
    $ErrorActionPreference = 'Continue'
    return (& $found @Arguments 2>&1 | Out-String -Width 400)
}

function Save-BitLockerStatus {
    Save-Text 'manage-bde-status.txt' (Get-ToolText 'manage-bde.exe' @('-status'))
    foreach ($volume in (Get-BitLockerVolume)) {
        if ($volume.MountPoint -notmatch '^[A-Za-z]:$') { continue }
        $letter = $volume.MountPoint.Substring(0, 1)
        $listing = Get-ToolText 'manage-bde.exe' @('-protectors', '-get', $volume.MountPoint)
        Save-Text ('manage-bde-protectors-' + $letter + '.txt') $listing
    }
}

# Only the fields named here are copied; the secret of a protector is none of them.
function Save-BitLockerVolumes {
    $protector = @('KeyProtectorId', 'AutoUnlockProtector', 'KeyProtectorType', 'KeyFileName')
    $volumes = @(Get-BitLockerVolume | ForEach-Object {
        [ordered]@{
            ComputerName = $_.ComputerName
            MountPoint = $_.MountPoint
            EncryptionMethod = [string]$_.EncryptionMethod
            AutoUnlockEnabled = $_.AutoUnlockEnabled
            MetadataVersion = $_.MetadataVersion
            VolumeStatus = [string]$_.VolumeStatus
            ProtectionStatus = [string]$_.ProtectionStatus
            LockStatus = [string]$_.LockStatus
            EncryptionPercentage = $_.EncryptionPercentage
            WipePercentage = $_.WipePercentage
            VolumeType = [string]$_.VolumeType
            CapacityGB = $_.CapacityGB
            KeyProtector = @($_.KeyProtector | Select-Object -Property $protector | ForEach-Object {
                [ordered]@{
                    KeyProtectorId = $_.KeyProtectorId
                    AutoUnlockProtector = $_.AutoUnlockProtector
                    KeyProtectorType = [string]$_.KeyProtectorType
                    KeyFileName = $_.KeyFileName
                }
            })
        }
    })
    Save-Text 'get-bitlockervolume.json' (ConvertTo-Json -InputObject $volumes -Depth 5)
}

function Save-EventLog {
    param([string]$Log, [string]$Name)
    $query = '*[System[TimeCreated[timediff(@SystemTime) <= {0}]]]' -f ([long]$Days * 86400000)
    $target = Join-Path $Folder $Name
    & (Join-Path $env:SystemRoot 'System32\wevtutil.exe') epl $Log $target ('/q:' + $query) /ow:true
    if ($LASTEXITCODE -ne 0) { throw ('wevtutil ended with {0}' -f $LASTEXITCODE) }
}

function Save-SystemInformation {
    $report = Join-Path $Folder 'msinfo32.full'
    $arguments = @('/report', ('"{0}"' -f $report))
    $process = Start-Process -FilePath 'msinfo32.exe' -ArgumentList $arguments -PassThru -WindowStyle Hidden
    if (-not $process.WaitForExit(240000)) {
        $process.Kill()
        throw 'msinfo32 did not end within 4 minutes'
    }
    # The summary stands first; hardware, drivers and programs of the device are left out.
    $summary = Get-Content -LiteralPath $report -TotalCount 60 | Out-String
    Remove-Item -LiteralPath $report
    Save-Text 'msinfo32.txt' $summary
}

function Save-MeasuredBoot {
    $logs = Join-Path $env:SystemRoot 'Logs\MeasuredBoot'
    $target = New-Item -ItemType Directory -Path (Join-Path $Folder 'MeasuredBoot')
    Get-ChildItem -LiteralPath $logs -Filter '*.log' |
        Sort-Object -Property LastWriteTime -Descending |
        Select-Object -First 30 |
        Copy-Item -Destination $target.FullName
}

function Get-RegistryValues {
    param([string]$Key)
    $values = [ordered]@{}
    if (-not (Test-Path -LiteralPath $Key)) { return $values }
    $item = Get-Item -LiteralPath $Key
    foreach ($name in $item.GetValueNames()) {
        $value = $item.GetValue($name)
        if ($value -is [int] -or $value -is [long] -or ($value -is [string] -and $value.Length -le 200)) {
            $values[$name] = $value
        }
    }
    return $values
}

function Get-Policies {
    $fve = 'HKLM:\SOFTWARE\Policies\Microsoft\FVE'
    return [ordered]@{
        values = Get-RegistryValues $fve
        uefi_profile = Get-RegistryValues ($fve + '\OSPlatformValidation_UEFI')
        bios_profile = Get-RegistryValues ($fve + '\OSPlatformValidation_BIOS')
    }
}

function Get-SecureBoot {
    $root = 'HKLM:\SYSTEM\CurrentControlSet\Control\SecureBoot'
    $enabled = $null
    try { $enabled = [bool](Confirm-SecureBootUEFI) } catch { $Failed.Add('Confirm-SecureBootUEFI: ' + $_.Exception.Message) }
    $inDb = $null
    try {
        $db = [Text.Encoding]::ASCII.GetString((Get-SecureBootUEFI -Name db).Bytes)
        $inDb = $db.Contains('Windows UEFI CA 2023')
    } catch { $Failed.Add('Get-SecureBootUEFI: ' + $_.Exception.Message) }
    return [ordered]@{
        enabled = $enabled
        db_has_windows_uefi_ca_2023 = $inDb
        servicing = Get-RegistryValues ($root + '\Servicing')
        available_updates = (Get-RegistryValues $root)['AvailableUpdates']
    }
}

function Get-Tls {
    $answer = [ordered]@{ host = $RegistrationHost; issuer = $null; error = $null }
    $client = New-Object Net.Sockets.TcpClient
    try {
        if (-not $client.ConnectAsync($RegistrationHost, 443).Wait(10000)) { throw 'no connection within 10 seconds' }
        # Any certificate is taken, as the question is who issued it; nothing is sent after the handshake.
        $accept = [Net.Security.RemoteCertificateValidationCallback] { $true }
        $stream = New-Object Net.Security.SslStream($client.GetStream(), $false, $accept)
        $stream.AuthenticateAsClient($RegistrationHost, $null, [Security.Authentication.SslProtocols]::Tls12, $false)
        $answer.issuer = $stream.RemoteCertificate.Issuer
        $stream.Dispose()
    } catch {
        $answer.error = $_.Exception.GetBaseException().Message
    } finally {
        $client.Dispose()
    }
    return $answer
}

function Save-Network {
    $result = Test-NetConnection -ComputerName $RegistrationHost -Port 443 -WarningAction SilentlyContinue
    Save-Text 'test-netconnection.txt' ($result | Format-List | Out-String -Width 400)
}

function Save-Facts {
    param([string]$Agreed)
    $windows = Get-RegistryValues 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion'
    $facts = [ordered]@{
        reseal_collector = 1
        collected = [DateTime]::UtcNow.ToString('yyyy-MM-ddTHH:mm:ssZ')
        computer = $env:COMPUTERNAME
        consent = $Agreed
        consent_reference = $Reference
        elevated = (Test-Elevated)
        days = $Days
        os_build = '10.0.{0}.{1}' -f $windows['CurrentBuild'], $windows['UBR']
    }
    Invoke-Part 'policies' { $facts['fve_policies'] = Get-Policies }
    Invoke-Part 'secure boot' { $facts['secure_boot'] = Get-SecureBoot }
    Invoke-Part 'tls' { $facts['tls'] = Get-Tls }
    $facts['failed'] = $Failed.ToArray()
    Save-Text 'collector-facts.json' (ConvertTo-Json -InputObject $facts -Depth 6)
}

$agreed = Confirm-Collection
if (-not (Test-Elevated)) {
    Write-Host 'Run this in an elevated PowerShell: without elevation BitLocker and Secure Boot tell nothing.'
    exit 2
}

$stamp = [DateTime]::UtcNow.ToString('yyyyMMddTHHmmssZ')
$Folder = Join-Path ([IO.Path]::GetTempPath()) ('bitlocker-facts-' + [Guid]::NewGuid().ToString('N'))
$null = New-Item -ItemType Directory -Path $Folder
try {
    Invoke-Part 'manage-bde' { Save-BitLockerStatus }
    Invoke-Part 'Get-BitLockerVolume' { Save-BitLockerVolumes }
    Invoke-Part 'BitLocker events' { Save-EventLog 'Microsoft-Windows-BitLocker/BitLocker Management' 'bitlocker-management.evtx' }
    Invoke-Part 'System events' { Save-EventLog 'System' 'system.evtx' }
    Invoke-Part 'Setup events' { Save-EventLog 'Setup' 'setup.evtx' }
    Invoke-Part 'dsregcmd' { Save-Text 'dsregcmd-status.txt' (Get-ToolText 'dsregcmd.exe' @('/status')) }
    Invoke-Part 'msinfo32' { Save-SystemInformation }
    Invoke-Part 'measured boot' { Save-MeasuredBoot }
    Invoke-Part 'Test-NetConnection' { Save-Network }
    Save-Facts $agreed

    $name = 'bitlocker-facts-{0}-{1}.zip' -f $env:COMPUTERNAME, $stamp
    $zip = Join-Path $Path $name
    Add-Type -AssemblyName System.IO.Compression.FileSystem
    [IO.Compression.ZipFile]::CreateFromDirectory($Folder, $zip)
    Write-Output $zip
} finally {
    Remove-Item -LiteralPath $Folder -Recurse -Force
}
